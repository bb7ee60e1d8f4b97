"""Stand-ins with behaviour for the ports; each passes the same contract tests as the adapter it stands in for."""

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Self, TypeVar

from interlock.domain.executions.execution_status import ExecutionStatus
from interlock.domain.releases.model import Release
from interlock.domain.releases.ownership import SEALED
from interlock.ledger.interface import Commit, Decision
from interlock.ledger.records import Key, Kind, Record, from_body, to_row
from interlock.ports import (
    Ambiguous,
    CloudRunUnavailable,
    OutgoingMessage,
    PublishFailed,
    Refused,
    Started,
    StartOrder,
    Throttled,
)
from interlock.results.interface import MOST_TASKS

T = TypeVar("T")
LOG = logging.getLogger("interlock")


class MemoryLedger:
    """Implements Ledger and LedgerReader in memory, one transaction at a time."""

    def __init__(self) -> None:
        self._bodies: dict[Key, str] = {}
        self._lock = threading.Lock()

    def transact(self, keys: Iterable[Key], decide: Decision[T]) -> T:
        with self._lock:
            snapshot: dict[Key, Record | None] = {key: self.read(key) for key in keys}
            while not isinstance(step := decide(snapshot), Commit):
                snapshot |= {key: self.read(key) for key in step.keys}
            self._bodies |= {key: to_row(record).body for key, record in step.writes.items()}
            return step.result

    def read(self, key: Key) -> Record | None:
        body = self._bodies.get(key)
        return from_body(key, body) if body is not None else None

    def due(self, now: datetime, limit: int) -> Sequence[Release]:
        rows = [(to_row(one).due_at, one) for one in self._releases()]
        due = [(instant, one) for instant, one in rows if instant is not None and instant <= now]
        return [one for _, one in sorted(due, key=lambda pair: pair[0])][:limit]

    def recent(self, limit: int) -> Sequence[Release]:
        return sorted(self._releases(), key=lambda one: one.updated_at, reverse=True)[:limit]

    def newest(self, kind: Kind) -> Iterator[Record]:
        keys = sorted((key for key in self._bodies if key.kind == kind), key=lambda key: key.id, reverse=True)
        found = [one for one in map(self.read, keys) if one is not None]
        yield from sorted(
            found, key=lambda one: to_row(one).updated_at or datetime.min.replace(tzinfo=UTC), reverse=True
        )

    def _releases(self) -> list[Release]:
        found = [self.read(key) for key in self._bodies if key.kind == "releases"]
        return [one for one in found if isinstance(one, Release)]


@dataclass
class FakePublisher:
    """Implements Publisher and Poster; keeps what was published by topic. `failing` topics refuse."""

    published: dict[str, list[OutgoingMessage]] = field(default_factory=dict)
    failing: set[str] = field(default_factory=set)

    def publish(self, topic: str, messages: Sequence[OutgoingMessage]) -> None:
        if topic in self.failing:
            raise PublishFailed(f"{topic}: made to fail")
        self.published.setdefault(topic, []).extend(messages)

    def post(self, topic: str, message: OutgoingMessage) -> str:
        self.publish(topic, [message])
        return f"{topic}-{len(self.published[topic])}"


@dataclass
class FakeCloudRun:
    """Implements JobStarter and ExecutionReader. `answers` are given, in order, instead of starting.

    Executions that are `hidden` cannot be looked at, those that are `odd` are answered in a way nobody foresaw.
    """

    answers: list[Refused | Throttled | Ambiguous] = field(default_factory=list)
    orders: dict[str, StartOrder] = field(default_factory=dict)
    ended: dict[str, ExecutionStatus] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)
    odd: set[str] = field(default_factory=set)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def start(self, order: StartOrder) -> Started | Refused | Throttled | Ambiguous:
        return self.answers.pop(0) if self.answers else self.run(order)

    def run(self, order: StartOrder) -> Started:
        """Make the execution, as Cloud Run does even where its answer gets lost."""
        name = f"{order.job}/executions/{order.job.rsplit('/', 1)[-1]}-{next(self._numbers):05}"
        self.orders[name] = order
        return Started(name, f"https://logs.example/{name}")

    def find(self, job: str, environment: Mapping[str, str]) -> Started | None:
        for name, order in reversed(self.orders.items()):
            if order.job == job and environment.items() <= order.environment.items():
                return Started(name, f"https://logs.example/{name}")
        return None

    def stop(self, execution: str) -> None:
        self.stopped.append(execution)

    def status(self, execution: str) -> ExecutionStatus | None:
        if execution in self.hidden:
            raise CloudRunUnavailable(f"{execution}: made to fail")
        if execution in self.odd:
            raise ValueError(f"{execution}: of a kind nobody knows")
        if execution not in self.orders:
            return None
        return self.ended.get(execution) or self._status(execution, completed=None, counts={})

    def end(self, execution: str, *, completed: bool, counts: Mapping[str, int], reason: str | None = None) -> None:
        """Let the execution end."""
        self.ended[execution] = self._status(execution, completed=completed, counts=counts, reason=reason)

    def _status(
        self, execution: str, *, completed: bool | None, counts: Mapping[str, int], reason: str | None = None
    ) -> ExecutionStatus:
        return ExecutionStatus(
            environment=self.orders[execution].environment,
            completed=completed,
            reason=reason,
            message=None,
            counts=counts,
            task_count=1,
            log_uri=None,
        )


@dataclass
class FakeResults:
    """Implements Results on two mappings."""

    owners: dict[tuple[str, int], str] = field(default_factory=dict)
    left: dict[tuple[str, int, int], Mapping[str, Any]] = field(default_factory=dict)

    def owner(self, release_id: str, attempt: int) -> str | None:
        return self.owners.get((release_id, attempt))

    def seal(self, release_id: str, attempt: int) -> str:
        return self.owners.setdefault((release_id, attempt), SEALED)

    def results(self, release_id: str, attempt: int) -> Sequence[Mapping[str, Any]]:
        found = {key[2]: one for key, one in self.left.items() if key[:2] == (release_id, attempt)}
        return [found[task] for task in sorted(found)][:MOST_TASKS]


class LogRecorder(logging.Handler):
    """Keeps what Interlock writes to its log within the block, each entry with its severity."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[Mapping[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append({"severity": record.levelname, **getattr(record, "entry", {})})

    def __enter__(self) -> Self:
        LOG.setLevel(logging.INFO)
        LOG.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        LOG.removeHandler(self)


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    instant: datetime = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.instant

    def forward(self, **amount: float) -> datetime:
        self.instant += timedelta(**amount)
        return self.instant
