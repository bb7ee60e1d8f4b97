"""Runs the tasks: starts them as capacity allows, watches them, and records every change before it acts on it."""

import contextlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from interlock_local.audit_log import pending_deliveries
from interlock_local.audit_log.pending_deliveries import PendingDelivery
from interlock_local.cloud_run import execution_store
from interlock_local.cloud_run.attempt import Attempt, ContainerSpec
from interlock_local.cloud_run.execution import (
    AttemptEnding,
    Cause,
    Execution,
    TaskState,
    cancel,
    end,
    outcome,
    start,
    startable,
)
from interlock_local.cloud_run.execution_store import Database
from interlock_local.cloud_run.orphans import kill_orphans

DeliveriesOf = Callable[[Execution], list[PendingDelivery]]
"""Makes the log entries that a completed execution gives rise to."""

log = logging.getLogger("interlock_local.cloud_run")


@dataclass(frozen=True, slots=True)
class RunnerLimits:
    """How many tasks run at once, and how long a container may take from SIGTERM to SIGKILL."""

    processes: int = 8
    grace_seconds: float = 10


class Runner:
    """All executions that are not completed. The store is the truth; what is in memory can be rebuilt from it."""

    def __init__(
        self,
        state: Path,
        database: Database,
        *,
        deliveries_of: DeliveriesOf,
        base_env: dict[str, str],
        limits: RunnerLimits,
    ) -> None:
        self._state = state
        self._database = database
        self._deliveries_of = deliveries_of
        self._base_env = base_env
        self._limits = limits
        self._changed = threading.Condition(threading.RLock())
        self._open: dict[str, Execution] = {}
        self._watched: dict[tuple[str, int], Attempt] = {}
        self._is_stopping = False

    def log_uri(self, name: str) -> str:
        """Return the directory of an execution's output, which has a file for each task."""
        return (self._state / "logs" / name).as_uri()

    def resume(self) -> None:
        """Watch what an earlier server started, and from now on start tasks whenever there is capacity."""
        with self._changed:
            with self._database.transaction() as connection:
                self._open = {execution.uid: execution for execution in execution_store.open_executions(connection)}
            for execution in self._open.values():
                self._resume(execution)
        threading.Thread(target=self._start_forever, name="starter", daemon=True).start()

    def add(self, execution: Execution) -> None:
        """Record a new execution; it starts as soon as there is capacity."""
        with self._changed:
            with self._database.transaction() as connection:
                execution_store.save(connection, execution)
            self._open[execution.uid] = execution
            self._changed.notify_all()
        log.info("%s: accepted, %d task(s)", execution.name, len(execution.tasks))

    def cancel(self, uid: str) -> None:
        """Record the cancellation first, so that it survives this process, then stop what runs."""
        with self._changed:
            execution = self._open.get(uid)
            if execution:
                self._save(cancel(execution, now=_now()), execution)
                self._stop(lambda key: key[0] == uid)

    def stop(self, *, seconds: float) -> None:
        """Start nothing more and stop what runs; what is queued waits for the next server."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
            self._stop(lambda _: True)
            self._changed.wait_for(lambda: not self._watched, timeout=seconds)

    def _resume(self, execution: Execution) -> None:
        for task in execution.tasks:
            if task.state is TaskState.RUNNING:
                self._watch(execution, task.index)
        if execution.cancelled_at:
            self._stop(lambda key: key[0] == execution.uid)

    def _start_forever(self) -> None:
        with self._changed:
            while not self._is_stopping:
                self._start_queued()
                self._changed.wait()

    def _start_queued(self) -> None:
        for execution in list(self._open.values()):
            capacity = self._limits.processes - len(self._watched)
            if capacity <= 0:
                return
            for task in startable(execution, capacity=capacity):
                self._start(self._open[execution.uid], task.index)

    def _start(self, before: Execution, index: int) -> None:
        execution = start(before, index, now=_now())
        self._save(execution, before)
        with contextlib.ExitStack() as shim:
            with contextlib.suppress(OSError):
                shim.enter_context(self._attempt(execution, index).start(self._container(execution, index)))
            self._watch(execution, index, shim=shim.pop_all())

    def _watch(self, execution: Execution, index: int, *, shim: contextlib.ExitStack | None = None) -> None:
        attempt = self._attempt(execution, index)
        self._watched[execution.uid, index] = attempt

        def follow() -> None:
            with shim or contextlib.nullcontext():
                ending = attempt.wait()
            if ending.cause is Cause.LOST:
                kill_orphans(injected_variables(execution, index))
            self._ended(execution.uid, index, ending=_final(ending, is_ours=shim is not None))

        threading.Thread(target=follow, name=f"{execution.name}-{index}", daemon=True).start()

    def _ended(self, uid: str, index: int, *, ending: AttemptEnding) -> None:
        with self._changed:
            before = self._open[uid]
            self._save(end(before, index, ending=ending, now=_now()), before)
            self._watched.pop((uid, index)).remove()
            self._changed.notify_all()

    def _save(self, execution: Execution, before: Execution) -> None:
        is_done = execution.completed_at is not None
        deliveries = self._deliveries_of(execution) if is_done and not before.completed_at else []
        with self._database.transaction() as connection:
            execution_store.save(connection, execution, before=before)
            pending_deliveries.add(connection, deliveries)
        self._open[execution.uid] = execution
        if is_done:
            del self._open[execution.uid]
            log.info("%s: %s", execution.name, outcome(execution))

    def _stop(self, is_meant: Callable[[tuple[str, int]], bool]) -> None:
        for key, attempt in self._watched.items():
            if is_meant(key):
                attempt.stop()

    def _attempt(self, execution: Execution, index: int) -> Attempt:
        directory = self._state / "tasks" / execution.name / f"{index}-{execution.tasks[index].attempt}"
        return Attempt(directory, self._state / "logs" / execution.name / f"{index}.log")

    def _container(self, execution: Execution, index: int) -> ContainerSpec:
        template = execution.template
        env = self._base_env | dict(template.env) | injected_variables(execution, index)
        command = (*template.command, *template.args)
        return ContainerSpec(command, env, template.timeout_seconds, self._limits.grace_seconds)


def injected_variables(execution: Execution, index: int) -> dict[str, str]:
    """Return the variables that Cloud Run gives every task."""
    return {
        "CLOUD_RUN_JOB": execution.job.rpartition("/")[2],
        "CLOUD_RUN_EXECUTION": execution.name,
        "CLOUD_RUN_TASK_INDEX": str(index),
        "CLOUD_RUN_TASK_COUNT": str(len(execution.tasks)),
        "CLOUD_RUN_TASK_ATTEMPT": str(execution.tasks[index].attempt),
    }


def _final(ending: AttemptEnding, *, is_ours: bool) -> AttemptEnding:
    # A shim of ours that never began would fail the same way again; an earlier server's may be started again.
    if is_ours and ending.cause is Cause.NOT_BEGUN:
        return replace(ending, cause=Cause.LOST, exit_code=137)
    return ending


def _now() -> datetime:
    return datetime.now(UTC)
