"""Executions, jobs and operations as google-cloud-run's own types."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from google.cloud import run_v2
from google.longrunning import operations_pb2
from google.protobuf import any_pb2

from interlock_local.cloud_run.execution import Execution, Outcome, TaskState, Template, outcome
from interlock_local.cloud_run.jobs_file import Job
from interlock_local.cloud_run.status_messages import completed_message, status_message

Reason = run_v2.Condition.ExecutionReason
State = run_v2.Condition.State
REASONS: Mapping[Outcome, Reason] = {
    Outcome.NON_ZERO_EXIT: Reason.NON_ZERO_EXIT_CODE,
    Outcome.CANCELLED: Reason.CANCELLED,
    Outcome.CANCELLING: Reason.CANCELLING,
}
# A cancelled execution ends its operation without an error.
ERROR_CODES: Mapping[Outcome, int] = {
    Outcome.NON_ZERO_EXIT: 10,
    Outcome.TIMED_OUT: 4,
    Outcome.NOT_STARTED: 5,
}


def execution_resource(execution: Execution) -> run_v2.Execution:
    """Return the execution with its counts and conditions; its template has the merged environment."""
    return run_v2.Execution(
        name=execution.full_name,
        uid=execution.uid,
        generation=1,
        observed_generation=1,
        job=execution.job.rpartition("/")[2],
        create_time=execution.created_at,
        update_time=execution.completed_at or execution.started_at or execution.created_at,
        start_time=execution.started_at,
        completion_time=execution.completed_at,
        delete_time=execution.deleted_at,
        parallelism=execution.parallelism,
        task_count=len(execution.tasks),
        template=_task_template(execution.template),
        reconciling=execution.completed_at is None,
        conditions=list(_conditions(execution)),
        log_uri=execution.log_uri,
        etag=execution.uid,
        **_counts(execution),
    )


def job_resource(name: str, job: Job, *, executions: int) -> run_v2.Job:
    """Return the job as its owner configured it."""
    template = Template(
        container=job.container,
        image=job.image_by_digest,
        command=job.command,
        args=job.args,
        env=job.env,
        max_retries=job.max_retries,
        timeout_seconds=job.timeout_seconds,
        service_account=job.service_account,
    )
    return run_v2.Job(
        name=name,
        generation=1,
        observed_generation=1,
        execution_count=executions,
        template=run_v2.ExecutionTemplate(
            parallelism=job.parallelism, task_count=job.task_count, template=_task_template(template)
        ),
        terminal_condition=run_v2.Condition(type_="Ready", state=State.CONDITION_SUCCEEDED),
        etag=name,
    )


def operation(name: str, execution: Execution) -> operations_pb2.Operation:
    """Return the long-running operation of an execution, which is its metadata from the first response on."""
    resource = any_pb2.Any()  # type: ignore[attr-defined]
    resource.Pack(run_v2.Execution.pb(execution_resource(execution)))
    found = operations_pb2.Operation(name=name, metadata=resource, done=execution.completed_at is not None)
    code = ERROR_CODES.get(outcome(execution))
    if code:
        found.error.code = code
        found.error.message = status_message(execution)
    elif found.done:
        found.response.CopyFrom(resource)
    return found


def _counts(execution: Execution) -> dict[str, int]:
    return {
        "running_count": execution.count(TaskState.RUNNING),
        "succeeded_count": execution.count(TaskState.SUCCEEDED),
        "failed_count": execution.failed_count,
        "cancelled_count": execution.count(TaskState.CANCELLED),
        "retried_count": execution.retried_count,
    }


def _task_template(template: Template) -> run_v2.TaskTemplate:
    container = run_v2.Container(
        name=template.container,
        image=template.image,
        command=template.command,
        args=template.args,
        env=[run_v2.EnvVar(name=name, value=value) for name, value in template.env.items()],
    )
    return run_v2.TaskTemplate(
        containers=[container],
        max_retries=template.max_retries,
        timeout=timedelta(seconds=template.timeout_seconds),
        service_account=template.service_account,
    )


def _conditions(execution: Execution) -> Iterable[run_v2.Condition]:
    yield _completed(execution)
    begun = State.CONDITION_SUCCEEDED if execution.started_at else State.CONDITION_PENDING
    for kind in ("ResourcesAvailable", "Started"):
        changed = execution.started_at or execution.created_at
        yield run_v2.Condition(type_=kind, state=begun, last_transition_time=changed)


def _completed(execution: Execution) -> run_v2.Condition:
    state = outcome(execution)
    condition = run_v2.Condition(
        type_="Completed",
        state=_condition_state(state),
        message=completed_message(execution),
        last_transition_time=execution.completed_at or execution.started_at or execution.created_at,
    )
    if state in REASONS:
        condition.execution_reason = REASONS[state]
    return condition


def _condition_state(state: Outcome) -> State:
    match state:
        case Outcome.RUNNING | Outcome.CANCELLING:
            return State.CONDITION_RECONCILING
        case Outcome.SUCCEEDED:
            return State.CONDITION_SUCCEEDED
        case _:
            return State.CONDITION_FAILED
