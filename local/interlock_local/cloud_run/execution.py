"""What an execution is, and what becomes of it when a task starts or ends or somebody cancels it. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class TaskState(StrEnum):
    """Where one task stands; the last three are closed."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Cause(StrEnum):
    """Why a task's process ended."""

    EXITED = "exited"
    TIMED_OUT = "timed_out"
    STOPPED = "stopped"
    UNSTARTABLE = "unstartable"  # the command could not be run at all
    LOST = "lost"  # its keeper vanished and left no word
    NOT_BEGUN = "not_begun"  # it never came to be, so the same attempt may be made again


class Outcome(StrEnum):
    """An execution in one word."""

    RUNNING = "running"
    CANCELLING = "cancelling"
    SUCCEEDED = "succeeded"
    CANCELLED = "cancelled"
    NON_ZERO_EXIT = "non_zero_exit"
    TIMED_OUT = "timed_out"
    NOT_STARTED = "not_started"


@dataclass(frozen=True, slots=True)
class Ending:
    """How one attempt ended."""

    cause: Cause
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class Task:
    """One of an execution's tasks; `attempt` counts from 0."""

    index: int
    state: TaskState = TaskState.QUEUED
    attempt: int = 0
    ending: Ending | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """What every task runs, with the overrides of this execution merged in."""

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
        """How many tasks stand there."""
        return sum(task.state is state for task in self.tasks)

    @property
    def failed_count(self) -> int:
        """How many tasks failed; one whose command never ran is not counted, as no container came to be."""
        failed = (task for task in self.tasks if task.state is TaskState.FAILED)
        return sum(task.ending is None or task.ending.cause is not Cause.UNSTARTABLE for task in failed)

    @property
    def retried_count(self) -> int:
        """How many tasks needed more than one attempt."""
        return sum(task.attempt > 0 for task in self.tasks)


def startable(execution: Execution, *, room: int) -> tuple[Task, ...]:
    """The queued tasks that may start now; parallelism 0 bounds nothing but the room left on the machine."""
    if execution.completed_at or execution.cancelled_at:
        return ()
    limit = execution.parallelism or len(execution.tasks)
    free = min(room, limit - execution.count(TaskState.RUNNING))
    queued = (task for task in execution.tasks if task.state is TaskState.QUEUED)
    return tuple(task for task, _ in zip(queued, range(free), strict=False))


def start(execution: Execution, index: int, *, now: datetime) -> Execution:
    """The task is about to run."""
    task = replace(execution.tasks[index], state=TaskState.RUNNING)
    return replace(_with_task(execution, task), started_at=execution.started_at or now)


def end(execution: Execution, index: int, *, ending: Ending, now: datetime) -> Execution:
    """An attempt ended: the task is closed, or queued again while it has retries."""
    task = _after(execution, execution.tasks[index], ending=ending)
    return _closed_if_done(_with_task(execution, task), now=now)


def cancel(execution: Execution, *, now: datetime) -> Execution:
    """Nothing queued starts any more; what runs is closed when its process has ended."""
    if execution.completed_at or execution.cancelled_at:
        return execution
    tasks = tuple(
        replace(task, state=TaskState.CANCELLED) if task.state is TaskState.QUEUED else task for task in execution.tasks
    )
    return _closed_if_done(replace(execution, tasks=tasks, cancelled_at=now), now=now)


def outcome(execution: Execution) -> Outcome:
    """The word for it all; the first failed task speaks for the rest."""
    if not execution.completed_at:
        return Outcome.CANCELLING if execution.cancelled_at else Outcome.RUNNING
    if execution.count(TaskState.CANCELLED):
        return Outcome.CANCELLED
    failed = first_failed(execution)
    return _failure(failed) if failed else Outcome.SUCCEEDED


def first_failed(execution: Execution) -> Task | None:
    """The failed task with the lowest index."""
    return next((task for task in execution.tasks if task.state is TaskState.FAILED), None)


def _failure(task: Task) -> Outcome:
    match task.ending:
        case Ending(cause=Cause.TIMED_OUT):
            return Outcome.TIMED_OUT
        case Ending(cause=Cause.UNSTARTABLE):
            return Outcome.NOT_STARTED
        case _:
            return Outcome.NON_ZERO_EXIT


def _after(execution: Execution, task: Task, *, ending: Ending) -> Task:
    cancelled = execution.cancelled_at is not None
    if cancelled and ending.cause in {Cause.STOPPED, Cause.NOT_BEGUN}:
        return replace(task, state=TaskState.CANCELLED, ending=ending)
    if ending.cause is Cause.NOT_BEGUN:
        return replace(task, state=TaskState.QUEUED)
    if ending == Ending(Cause.EXITED, 0):
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
