"""Ports that kill their own process where a test says so; production code knows nothing of it.

A test arms a fault by making the file `<release id>@<function>@<point>` in the directory that FAULTS_DIR names.
Whoever removes the file first carries the fault out, so each happens once.
Every point that is passed is added to the trace of its release and function: the list of all places to die at.
"""

import json
import logging
import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO, TypeVar

from interlock.bootstrap import FullLedger
from interlock.domain.dead_letters.stored import StoredDeadLetter
from interlock.domain.executions.execution_status import ExecutionStatus
from interlock.domain.releases.model import Release, State
from interlock.google.cloud_run_jobs import CloudRunJobs
from interlock.ledger.interface import Commit, Decision, Load, Snapshot
from interlock.ledger.records import Key, Kind, Record
from interlock.ports import (
    Ambiguous,
    OutgoingMessage,
    Publisher,
    Refused,
    Started,
    StartOrder,
    Throttled,
)
from interlock.results.interface import Results
from interlock.structured_log import StructuredFormatter

T = TypeVar("T")

FAULTS_DIR = "FAULTS_DIR"
NOTICED = "noticed"
SUBJECTS: ContextVar[list[str]] = ContextVar("SUBJECTS")
"""The releases that the request at hand is about."""


@dataclass(frozen=True, slots=True)
class Faults:
    """The armed faults of one directory, as one function meets them."""

    directory: Path
    function: str
    executions: dict[str, str] = field(default_factory=dict)

    def notice(self, release_id: str) -> None:
        """Have the requests about the release recognised by their text."""
        self._file(release_id, NOTICED).touch()

    def arm(self, release_id: str, point: str) -> None:
        self.notice(release_id)
        self._file(release_id, point).touch()

    def disarm(self, release_id: str, point: str) -> None:
        self._file(release_id, point).unlink()

    def is_armed(self, release_id: str, point: str) -> bool:
        return self._file(release_id, point).exists()

    def noticed(self) -> list[str]:
        """Return the releases that this function is to notice, a fault armed or not."""
        return [path.name.split("@")[0] for path in self.directory.glob(f"*@{self.function}@{NOTICED}")]

    def keep(self, release_id: str, body: bytes) -> None:
        """Keep a request that was not handled."""
        self._file(release_id, f"kept-{time.time_ns()}").write_bytes(body)

    def kept(self, release_id: str) -> list[bytes]:
        """Return the requests kept, in the order they came."""
        return [path.read_bytes() for path in sorted(self.directory.glob(f"{release_id}@{self.function}@kept-*"))]

    def passed(self) -> set[str]:
        """Return all points that this function has passed with any release."""
        traces = self.directory.glob(f"*@{self.function}@trace")
        return {point for trace in traces for point in trace.read_text().split()}

    def reach(self, release_id: str, point: str) -> None:
        """Note the point; lose the whole instance here, master and workers at once, if the test armed it."""
        with self._file(release_id, "trace").open("a") as trace:
            trace.write(f"{point}\n")
        try:
            self._file(release_id, point).unlink()
        except FileNotFoundError:
            return
        os.killpg(os.getpgid(0), signal.SIGKILL)

    def reach_all(self, point: str) -> None:
        """Reach the point with every release that the request is about."""
        for release_id in dict.fromkeys(SUBJECTS.get([])):
            self.reach(release_id, point)

    def reach_execution(self, execution: str, point: str) -> None:
        """Reach the point with the release that the execution bears."""
        if execution in self.executions:
            self.reach(self.executions[execution], point)

    def meet(self, record: Record | None) -> None:
        """Remember which release an execution bears."""
        if isinstance(record, Release) and record.execution:
            self.executions[record.execution] = record.release_id

    def _file(self, release_id: str, point: str) -> Path:
        return self.directory / f"{release_id}@{self.function}@{point}"


@dataclass(frozen=True, slots=True)
class KillingLedger:
    """Points before and after each commit, each named for what it does to the release."""

    inner: FullLedger
    faults: Faults

    def transact(self, keys: Iterable[Key], decide: Decision[T]) -> T:
        turns: list[tuple[str, str]] = []

        def watched(snapshot: Snapshot) -> Load | Commit[T]:
            for record in snapshot.values():
                self.faults.meet(record)
            step = decide(snapshot)
            if isinstance(step, Commit):
                turns[:] = _turns(snapshot, step)
                for release_id, turn in turns:
                    self.faults.reach(release_id, f"before_commit_{turn}")
            return step

        result = self.inner.transact(keys, watched)
        for release_id, turn in turns:
            self.faults.reach(release_id, f"after_commit_{turn}")
        return result

    def read(self, key: Key) -> Record | None:
        return self.inner.read(key)

    def due(self, now: datetime, limit: int) -> Sequence[Release]:
        found = self.inner.due(now, limit)
        SUBJECTS.set([release.release_id for release in found])
        for release in found:
            self.faults.meet(release)
        self.faults.reach_all("after_due")
        return found

    def recent(self, limit: int) -> Sequence[Release]:
        return self.inner.recent(limit)

    def newest(self, kind: Kind) -> Iterator[Record]:
        return self.inner.newest(kind)


def _turns(snapshot: Snapshot, commit: Commit[T]) -> Iterator[tuple[str, str]]:
    for key, after in commit.writes.items():
        before = snapshot.get(key)
        if isinstance(after, Release) and (turn := _turn(before if isinstance(before, Release) else None, after)):
            yield after.release_id, turn
        if isinstance(after, StoredDeadLetter) and after.letter.release_id:
            yield after.letter.release_id, "keep"


def _turn(before: Release | None, after: Release) -> str | None:
    if before is None or (before.state, before.fencing_token) != (after.state, after.fencing_token):
        turns = {State.QUEUED: "queue", State.STARTING: "claim", State.STARTED: "confirm"}
        return "close" if after.is_closed else turns[after.state]
    if before.cancellation != after.cancellation:
        return "cancel"
    if before.refusal != after.refusal:
        return "refuse"
    if before.message_ids != after.message_ids:
        return "know"
    if before.checked_at != after.checked_at:
        return "check"
    return "forget" if before.outbox != after.outbox else None


@dataclass(frozen=True, slots=True)
class KillingJobs:
    """Points before and after each call of Cloud Run."""

    inner: CloudRunJobs
    faults: Faults

    def start(self, order: StartOrder) -> Started | Refused | Throttled | Ambiguous:
        release_id = order.environment["INTERLOCK_RELEASE_ID"]
        self.faults.reach(release_id, "before_run_job")
        outcome = self.inner.start(order)
        self.faults.reach(release_id, "after_run_job")
        return outcome

    def find(self, job: str, environment: Mapping[str, str]) -> Started | None:
        release_id = environment["INTERLOCK_RELEASE_ID"]
        self.faults.reach(release_id, "before_look")
        found = self.inner.find(job, environment)
        self.faults.reach(release_id, "after_look")
        return found

    def stop(self, execution: str) -> None:
        self.faults.reach_execution(execution, "before_stop")
        self.inner.stop(execution)
        self.faults.reach_execution(execution, "after_stop")

    def status(self, execution: str) -> ExecutionStatus | None:
        self.faults.reach_execution(execution, "before_look")
        found = self.inner.status(execution)
        self.faults.reach_execution(execution, "after_look")
        return found


@dataclass(frozen=True, slots=True)
class KillingPublisher:
    """Points before and after telling a state, resuming (of the release that is resumed) and a dead letter."""

    inner: Publisher
    faults: Faults

    def publish(self, topic: str, messages: Sequence[OutgoingMessage]) -> None:
        told = [_told(topic, message) for message in messages]
        for release_id, what in told:
            self.faults.reach(release_id, f"before_{what}")
        self.inner.publish(topic, messages)
        for release_id, what in told:
            self.faults.reach(release_id, f"after_{what}")


def _told(topic: str, message: OutgoingMessage) -> tuple[str, str]:
    if topic.endswith("/release-status"):
        return message.attributes["release_id"], f"tell_{message.attributes['state']}"
    body = _json(message.data)
    if "resume" in body:
        return body["resume"], "resume"
    return body.get("release_id", "unnamed"), "dead_letter"


def _json(data: bytes) -> dict[str, Any]:
    found = json.loads(data)
    return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class KillingResults:
    """Points before and after the fence's owner is read, and around the seal; all else is the store's own."""

    inner: Results
    faults: Faults

    def owner(self, release_id: str, attempt: int) -> str | None:
        self.faults.reach(release_id, "before_results")
        found = self.inner.owner(release_id, attempt)
        self.faults.reach(release_id, "after_results")
        return found

    def seal(self, release_id: str, attempt: int) -> str:
        self.faults.reach(release_id, "before_seal")
        owner = self.inner.seal(release_id, attempt)
        self.faults.reach(release_id, "after_seal")
        return owner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class KillingHandler(logging.StreamHandler[TextIO]):
    """Points before and after an alert is written; other entries are written as they are."""

    def __init__(self, faults: Faults) -> None:
        super().__init__(sys.__stdout__)
        self.setFormatter(StructuredFormatter("interlock-local"))
        self._faults = faults

    def emit(self, record: logging.LogRecord) -> None:
        is_alert = getattr(record, "entry", {}).get("event") == "dead_letter"
        if is_alert:
            self._faults.reach_all("before_alert")
        super().emit(record)
        if is_alert:
            self._faults.reach_all("after_alert")
