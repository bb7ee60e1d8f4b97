"""Cloud Run's sentences about an execution, which are in its resource and in its audit entry."""

from interlock_local.cloud_run.execution import Cause, Execution, Outcome, TaskState, first_failed, outcome

TIMED_OUT = "The configured timeout was reached."
CANCELLED = "Cancelled by user."


def completed_message(execution: Execution) -> str:
    """Return the message of the `Completed` condition."""
    match outcome(execution):
        case Outcome.RUNNING:
            return "Waiting for execution to complete."
        case Outcome.CANCELLING:
            return "Cancelling execution."
        case Outcome.SUCCEEDED:
            return f"Execution completed successfully in {seconds_taken(execution):.2f}s."
        case Outcome.CANCELLED:
            return CANCELLED
        case _:
            return _failure(execution)


def status_message(execution: Execution) -> str:
    """Return the message of the audit entry's status for an execution that did not succeed."""
    done, all_tasks = execution.count(TaskState.SUCCEEDED), len(execution.tasks)
    return f"Execution {execution.name} has failed to complete, {done}/{all_tasks} tasks were a success."


def seconds_taken(execution: Execution) -> float:
    """Return the seconds from creation to completion; 0 while it is not completed."""
    completed = execution.completed_at or execution.created_at
    return (completed - execution.created_at).total_seconds()


def _failure(execution: Execution) -> str:
    failed = first_failed(execution)
    if not failed or not failed.ending:
        return status_message(execution)
    task, code = f"Task {execution.name}-task{failed.index}", failed.ending.exit_code
    match failed.ending.cause:
        case Cause.TIMED_OUT:
            return f"{task} failed with message: {TIMED_OUT}"
        case Cause.UNSTARTABLE:
            return f"{task} failed to start: the command {execution.template.command[0]!r} could not be run."
        case Cause.LOST:
            return f"{task} failed with exit code: {code} and message: The container was lost."
        case _:
            return f"{task} failed with exit code: {code} and message: The container exited with an error."
