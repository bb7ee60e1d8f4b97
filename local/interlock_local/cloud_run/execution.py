"""An execution and its transitions: a task starts, an attempt ends, somebody cancels. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class TaskState(StrEnum):
    """The state of one task; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Cause(StrEnum):
    """Why an attempt ended."""

    EXITED = "exited"
    TIMED_OUT = "timed_out"
    STOPPED = "stopped"
    UNSTARTABLE = "unstartable"  # the command could not be run at all
    LOST = "lost"  # its shim was killed before it could record how it ended
    NOT_BEGUN = "not_begun"  # the container was never started, so the same attempt may be started again


class Outcome(StrEnum):
    """The state of a whole execution."""

    RUNNING = "running"
    CANCELLING = "cancelling"
    SUCCEEDED = "succeeded"
    CANCELLED = "cancelled"
    NON_ZERO_EXIT = "non_zero_exit"
    TIMED_OUT = "timed_out"
    NOT_STARTED = "not_started"


@dataclass(frozen=True, slots=True)
class AttemptEnding:
    """How one attempt ended."""

    cause: Cause
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class Task:
    """One of an execution's tasks; `attempt` counts from 0."""

    index: int
    state: TaskState = TaskState.QUEUED
    attempt: int = 0
    ending: AttemptEnding | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """What every task runs: the job's template with the overrides of this execution."""

    container: str
    image: str
    command: tuple[str, ...]
    args: tuple[str, ...]
    env: Mapping[str, str]
    max_retries: int
    timeout_seconds: float
    service_account: str


@dataclass(frozen=True, slots=True)
class Execution:
    """One run of a job. `job` is the full resource name, `name` the execution's short one."""

    job: str
    name: str
    uid: str
    log_uri: str
    created_at: datetime
    parallelism: int
    template: Template
    tasks: tuple[Task, ...]
    started_at: datetime | None = None
    completed_at: datetime | None = None
    cancelled_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def full_name(self) -> str:
        """The resource name that clients use."""
        return f"{self.job}/executions/{self.name}"

    def count(self, state: TaskState) -> int:
        """Return how many tasks are in the state."""
        return sum(task.state is state for task in self.tasks)

    @property
    def failed_count(self) -> int:
        """How many tasks failed; Cloud Run leaves out those whose container never started."""
        failed = (task for task in self.tasks if task.state is TaskState.FAILED)
        return sum(task.ending is None or task.ending.cause is not Cause.UNSTARTABLE for task in failed)

    @property
    def retried_count(self) -> int:
        """How many tasks needed more than one attempt."""
        return sum(task.attempt > 0 for task in self.tasks)


def startable(execution: Execution, *, capacity: int) -> tuple[Task, ...]:
    """Return the queued tasks that may start now; with parallelism 0 only the machine's capacity bounds them."""
    if execution.completed_at or execution.cancelled_at:
        return ()
    limit = execution.parallelism or len(execution.tasks)
    free = min(capacity, limit - execution.count(TaskState.RUNNING))
    queued = (task for task in execution.tasks if task.state is TaskState.QUEUED)
    return tuple(task for task, _ in zip(queued, range(free), strict=False))


def start(execution: Execution, index: int, *, now: datetime) -> Execution:
    """Return the execution with the task running."""
    task = replace(execution.tasks[index], state=TaskState.RUNNING)
    return replace(_with_task(execution, task), started_at=execution.started_at or now)


def end(execution: Execution, index: int, *, ending: AttemptEnding, now: datetime) -> Execution:
    """Return the execution after an attempt: its task is closed, or queued again while it has retries."""
    task = _after(execution, execution.tasks[index], ending=ending)
    return _closed_if_done(_with_task(execution, task), now=now)


def cancel(execution: Execution, *, now: datetime) -> Execution:
    """Return the execution without its queued tasks; those that run are closed when their process has ended."""
    if execution.completed_at or execution.cancelled_at:
        return execution
    tasks = tuple(
        replace(task, state=TaskState.CANCELLED) if task.state is TaskState.QUEUED else task for task in execution.tasks
    )
    return _closed_if_done(replace(execution, tasks=tasks, cancelled_at=now), now=now)


def outcome(execution: Execution) -> Outcome:
    """Return the state of the whole; of several failed tasks the first decides."""
    if not execution.completed_at:
        return Outcome.CANCELLING if execution.cancelled_at else Outcome.RUNNING
    if execution.count(TaskState.CANCELLED):
        return Outcome.CANCELLED
    failed = first_failed(execution)
    return _failure(failed) if failed else Outcome.SUCCEEDED


def first_failed(execution: Execution) -> Task | None:
    """Return the failed task with the lowest index."""
    return next((task for task in execution.tasks if task.state is TaskState.FAILED), None)


def _failure(task: Task) -> Outcome:
    match task.ending:
        case AttemptEnding(cause=Cause.TIMED_OUT):
            return Outcome.TIMED_OUT
        case AttemptEnding(cause=Cause.UNSTARTABLE):
            return Outcome.NOT_STARTED
        case _:
            return Outcome.NON_ZERO_EXIT


def _after(execution: Execution, task: Task, *, ending: AttemptEnding) -> Task:
    cancelled = execution.cancelled_at is not None
    if cancelled and ending.cause in {Cause.STOPPED, Cause.NOT_BEGUN}:
        return replace(task, state=TaskState.CANCELLED, ending=ending)
    if ending.cause is Cause.NOT_BEGUN:
        return replace(task, state=TaskState.QUEUED)
    if ending == AttemptEnding(Cause.EXITED, 0):
        return replace(task, state=TaskState.SUCCEEDED, ending=ending)
    if task.attempt < execution.template.max_retries and not cancelled:
        return replace(task, state=TaskState.QUEUED, attempt=task.attempt + 1, ending=ending)
    return replace(task, state=TaskState.FAILED, ending=ending)


def _with_task(execution: Execution, task: Task) -> Execution:
    before, after = execution.tasks[: task.index], execution.tasks[task.index + 1 :]
    return replace(execution, tasks=(*before, task, *after))


def _closed_if_done(execution: Execution, *, now: datetime) -> Execution:
    still_open = {TaskState.QUEUED, TaskState.RUNNING}
    if any(task.state in still_open for task in execution.tasks):
        return execution
    return replace(execution, completed_at=now)
