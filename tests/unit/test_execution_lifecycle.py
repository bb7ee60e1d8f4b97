"""What becomes of an execution as its tasks start and end."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from interlock_local.cloud_run.execution import (
    AttemptEnding,
    Cause,
    Execution,
    Outcome,
    Task,
    TaskState,
    Template,
    cancel,
    end,
    outcome,
    start,
    startable,
)

CREATED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NOW = CREATED + timedelta(seconds=5)
EXITED, FAILED = AttemptEnding(Cause.EXITED, 0), AttemptEnding(Cause.EXITED, 3)
STOPPED, TIMED_OUT = AttemptEnding(Cause.STOPPED, 143), AttemptEnding(Cause.TIMED_OUT, 143)


def an_execution(*, tasks: int = 1, parallelism: int = 0, max_retries: int = 0) -> Execution:
    return Execution(
        job="projects/interlock-local/locations/local/jobs/release-agent",
        name="release-agent-ab1cd",
        uid="0b1c2d3e-4f50-4a61-8b72-9c8d0e1f2a3b",
        log_uri="file:///logs",
        created_at=CREATED,
        parallelism=parallelism,
        template=Template("job", "image", ("true",), (), {}, max_retries, 600, ""),
        tasks=tuple(Task(index) for index in range(tasks)),
    )


def ran(execution: Execution, *endings: AttemptEnding) -> Execution:
    for index, ending in enumerate(endings):
        execution = end(start(execution, index, now=NOW), index, ending=ending, now=NOW)
    return execution


def test_an_execution_starts_with_its_first_task() -> None:
    execution = start(an_execution(tasks=2), 1, now=NOW)
    assert execution.started_at == NOW
    assert [task.state for task in execution.tasks] == [TaskState.QUEUED, TaskState.RUNNING]


def test_a_second_task_does_not_move_the_start() -> None:
    execution = start(start(an_execution(tasks=2), 0, now=CREATED), 1, now=NOW)
    assert execution.started_at == CREATED


def test_an_execution_is_completed_with_its_last_task() -> None:
    execution = ran(an_execution(tasks=2), EXITED)
    assert execution.completed_at is None
    assert outcome(execution) is Outcome.RUNNING
    assert ran(an_execution(tasks=2), EXITED, EXITED).completed_at == NOW


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        (EXITED, Outcome.SUCCEEDED),
        (FAILED, Outcome.NON_ZERO_EXIT),
        (TIMED_OUT, Outcome.TIMED_OUT),
        (AttemptEnding(Cause.TIMED_OUT, 0), Outcome.TIMED_OUT),
        (AttemptEnding(Cause.UNSTARTABLE, 127), Outcome.NOT_STARTED),
        (AttemptEnding(Cause.LOST, 137), Outcome.NON_ZERO_EXIT),
        (STOPPED, Outcome.NON_ZERO_EXIT),
    ],
)
def test_the_ending_of_the_only_task_is_the_outcome(ending: AttemptEnding, expected: Outcome) -> None:
    assert outcome(ran(an_execution(), ending)) is expected


def test_the_first_failed_task_decides_the_outcome() -> None:
    assert outcome(ran(an_execution(tasks=3), EXITED, TIMED_OUT, FAILED)) is Outcome.TIMED_OUT


def test_a_failed_task_with_retries_left_is_queued_with_the_next_attempt() -> None:
    execution = ran(an_execution(max_retries=1), FAILED)
    assert execution.tasks[0] == Task(0, TaskState.QUEUED, 1, FAILED)
    assert execution.completed_at is None


def test_a_task_that_succeeds_on_its_retry_counts_as_retried_and_succeeded() -> None:
    execution = ran(ran(an_execution(max_retries=1), FAILED), EXITED)
    assert outcome(execution) is Outcome.SUCCEEDED
    assert execution.retried_count == 1
    assert execution.count(TaskState.FAILED) == 0


def test_a_task_without_retries_left_has_failed() -> None:
    execution = ran(ran(an_execution(max_retries=1), FAILED), FAILED)
    assert outcome(execution) is Outcome.NON_ZERO_EXIT


def test_parallelism_bounds_what_may_start() -> None:
    execution = an_execution(tasks=5, parallelism=2)
    assert [task.index for task in startable(execution, capacity=8)] == [0, 1]
    assert [task.index for task in startable(start(execution, 0, now=NOW), capacity=8)] == [1]


def test_without_parallelism_only_the_capacity_of_the_machine_bounds_what_may_start() -> None:
    assert len(startable(an_execution(tasks=5), capacity=3)) == 3
    assert len(startable(an_execution(tasks=5), capacity=8)) == 5


def test_a_cancel_closes_what_is_queued_and_waits_for_what_runs() -> None:
    execution = cancel(start(an_execution(tasks=2), 0, now=NOW), now=NOW)
    assert outcome(execution) is Outcome.CANCELLING
    assert startable(execution, capacity=8) == ()
    done = end(execution, 0, ending=STOPPED, now=NOW)
    assert outcome(done) is Outcome.CANCELLED
    assert done.count(TaskState.CANCELLED) == 2


def test_a_cancel_before_anything_ran_completes_at_once() -> None:
    execution = cancel(an_execution(tasks=2), now=NOW)
    assert execution.completed_at == NOW
    assert execution.started_at is None


def test_a_task_that_finished_before_the_cancel_reached_it_has_succeeded() -> None:
    execution = cancel(start(an_execution(), 0, now=NOW), now=NOW)
    assert outcome(end(execution, 0, ending=EXITED, now=NOW)) is Outcome.SUCCEEDED


def test_a_cancelled_task_is_not_retried() -> None:
    execution = cancel(start(an_execution(max_retries=3), 0, now=NOW), now=NOW)
    assert end(execution, 0, ending=FAILED, now=NOW).tasks[0].state is TaskState.FAILED


def test_a_completed_execution_cannot_be_cancelled() -> None:
    execution = ran(an_execution(), EXITED)
    assert cancel(execution, now=NOW) is execution


def test_an_attempt_that_never_began_is_made_again_as_the_same_attempt() -> None:
    execution = ran(an_execution(max_retries=0), AttemptEnding(Cause.NOT_BEGUN))
    assert execution.tasks[0] == Task(0)


def test_an_attempt_that_never_began_is_cancelled_when_a_cancel_was_asked() -> None:
    execution = cancel(start(an_execution(), 0, now=NOW), now=NOW)
    assert outcome(end(execution, 0, ending=AttemptEnding(Cause.NOT_BEGUN), now=NOW)) is Outcome.CANCELLED


def test_ten_thousand_tasks_are_no_burden() -> None:
    execution = replace(an_execution(), tasks=tuple(Task(index) for index in range(10_000)))
    assert ran(execution, *[EXITED] * 50).count(TaskState.SUCCEEDED) == 50
