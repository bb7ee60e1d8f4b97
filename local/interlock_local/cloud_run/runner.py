"""Runs the tasks: starts what has room, watches what runs, and records every end before anything follows from it."""

import contextlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from interlock_local.audit_log import outbox
from interlock_local.cloud_run import records
from interlock_local.cloud_run.attempt import Attempt, Order
from interlock_local.cloud_run.execution import (
    Cause,
    Ending,
    Execution,
    TaskState,
    cancel,
    end,
    outcome,
    start,
    startable,
)
from interlock_local.cloud_run.orphans import end_orphans
from interlock_local.cloud_run.records import Database

Announce = Callable[[Execution], list[outbox.Letter]]

log = logging.getLogger("interlock_local.cloud_run")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one machine can bear, and how long a container may take to leave."""

    processes: int = 8
    grace_seconds: float = 10


class Runner:
    """All executions that are not completed. Its records are the truth; this object is only their motor."""

    def __init__(
        self, state: Path, database: Database, *, announce: Announce, base_env: dict[str, str], limits: Limits
    ) -> None:
        self._state = state
        self._database = database
        self._announce = announce
        self._base_env = base_env
        self._limits = limits
        self._changed = threading.Condition(threading.RLock())
        self._open: dict[str, Execution] = {}
        self._watched: dict[tuple[str, int], Attempt] = {}
        self._is_stopping = False

    def log_uri(self, name: str) -> str:
        """Where an execution's output is: one file per task."""
        return (self._state / "logs" / name).as_uri()

    def resume(self) -> None:
        """Takes up what an earlier server left, then starts tasks whenever there is room."""
        with self._changed:
            with self._database.transaction() as connection:
                self._open = {execution.uid: execution for execution in records.open_executions(connection)}
            for execution in self._open.values():
                self._take_up(execution)
        threading.Thread(target=self._start_forever, name="starter", daemon=True).start()

    def add(self, execution: Execution) -> None:
        """Records a new execution; it starts as soon as there is room."""
        with self._changed:
            with self._database.transaction() as connection:
                records.save(connection, execution)
            self._open[execution.uid] = execution
            self._changed.notify_all()
        log.info("%s: accepted, %d task(s)", execution.name, len(execution.tasks))

    def cancel(self, uid: str) -> None:
        """Records the wish first, so that it outlives this process, then stops what runs."""
        with self._changed:
            execution = self._open.get(uid)
            if execution:
                self._save(cancel(execution, now=_now()), execution)
                self._stop(lambda key: key[0] == uid)

    def stop(self, *, seconds: float) -> None:
        """Starts nothing more and gives what runs the time to leave; what is queued waits for the next server."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
            self._stop(lambda _: True)
            self._changed.wait_for(lambda: not self._watched, timeout=seconds)

    def _take_up(self, execution: Execution) -> None:
        for task in execution.tasks:
            if task.state is TaskState.RUNNING:
                self._watch(execution, task.index)
        if execution.cancelled_at:
            self._stop(lambda key: key[0] == execution.uid)

    def _start_forever(self) -> None:
        with self._changed:
            while not self._is_stopping:
                self._fill()
                self._changed.wait()

    def _fill(self) -> None:
        for execution in list(self._open.values()):
            room = self._limits.processes - len(self._watched)
            if room <= 0:
                return
            for task in startable(execution, room=room):
                self._start(self._open[execution.uid], task.index)

    def _start(self, before: Execution, index: int) -> None:
        execution = start(before, index, now=_now())
        self._save(execution, before)
        with contextlib.ExitStack() as keeper:
            with contextlib.suppress(OSError):
                keeper.enter_context(self._attempt(execution, index).start(self._order(execution, index)))
            self._watch(execution, index, keeper=keeper.pop_all())

    def _watch(self, execution: Execution, index: int, *, keeper: contextlib.ExitStack | None = None) -> None:
        attempt = self._attempt(execution, index)
        self._watched[execution.uid, index] = attempt

        def follow() -> None:
            with keeper or contextlib.nullcontext():
                ending = attempt.wait()
            if ending.cause is Cause.LOST:
                end_orphans(injected(execution, index))
            self._ended(execution.uid, index, ending=_settled(ending, is_ours=keeper is not None))

        threading.Thread(target=follow, name=f"{execution.name}-{index}", daemon=True).start()

    def _ended(self, uid: str, index: int, *, ending: Ending) -> None:
        with self._changed:
            before = self._open[uid]
            self._save(end(before, index, ending=ending, now=_now()), before)
            self._watched.pop((uid, index)).forget()
            self._changed.notify_all()

    def _save(self, execution: Execution, before: Execution) -> None:
        is_done = execution.completed_at is not None
        letters = self._announce(execution) if is_done and not before.completed_at else []
        with self._database.transaction() as connection:
            records.save(connection, execution, before=before)
            outbox.add(connection, letters)
        self._open[execution.uid] = execution
        if is_done:
            del self._open[execution.uid]
            log.info("%s: %s", execution.name, outcome(execution))

    def _stop(self, concerns: Callable[[tuple[str, int]], bool]) -> None:
        for key, attempt in self._watched.items():
            if concerns(key):
                attempt.stop()

    def _attempt(self, execution: Execution, index: int) -> Attempt:
        directory = self._state / "tasks" / execution.name / f"{index}-{execution.tasks[index].attempt}"
        return Attempt(directory, self._state / "logs" / execution.name / f"{index}.log")

    def _order(self, execution: Execution, index: int) -> Order:
        template = execution.template
        env = self._base_env | dict(template.env) | injected(execution, index)
        command = (*template.command, *template.args)
        return Order(command, env, template.timeout_seconds, self._limits.grace_seconds)


def injected(execution: Execution, index: int) -> dict[str, str]:
    """What Cloud Run tells every task about itself."""
    return {
        "CLOUD_RUN_JOB": execution.job.rpartition("/")[2],
        "CLOUD_RUN_EXECUTION": execution.name,
        "CLOUD_RUN_TASK_INDEX": str(index),
        "CLOUD_RUN_TASK_COUNT": str(len(execution.tasks)),
        "CLOUD_RUN_TASK_ATTEMPT": str(execution.tasks[index].attempt),
    }


def _settled(ending: Ending, *, is_ours: bool) -> Ending:
    # A keeper of ours that never began would fail the same way again; only an earlier server's is made up for.
    if is_ours and ending.cause is Cause.NOT_BEGUN:
        return replace(ending, cause=Cause.LOST, exit_code=137)
    return ending


def _now() -> datetime:
    return datetime.now(UTC)
