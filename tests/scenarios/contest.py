"""Eight workers at once on one real ledger, each with a client of its own; all else is the model's world.

Time moves only when everything has come to rest, so a scenario ends the same way however the workers race.
"""

import json
import random
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from operator import methodcaller
from typing import Any, TypeVar

from interlock.bootstrap import FullLedger
from interlock.domain.releases.lane import Lane
from interlock.domain.releases.model import Release
from interlock.ledger.interface import Commit, Decision, LedgerUnavailable, Load, Snapshot
from interlock.ledger.records import Key, Kind, Record
from interlock.ports import Ambiguous, OutgoingMessage, Refused, Started, StartOrder, Throttled
from tests.model.cloud_run import End, ModelCloudRun
from tests.model.commit_rules import CommitRules
from tests.model.faults import Fuse
from tests.model.pubsub import REQUESTS, Held, ModelPubSub
from tests.model.rules import check, check_quiet
from tests.model.world import Functions, Surroundings

WORKERS = 8
DELIVERED_TO = 3
"""How many workers get each message at the same time: Pub/Sub delivers at least once."""

MOST_ROUNDS = 60

T = TypeVar("T")
Task = Callable[[Functions], None]


@dataclass
class SharedFuse(Fuse):
    """Fuse for several threads: whoever passes the chosen boundary is lost."""

    lock: threading.RLock = field(default_factory=threading.RLock)

    def reach(self, failure: type[Exception] | None = None) -> None:
        with self.lock:
            super().reach(failure)


@dataclass
class SharedPubSub(ModelPubSub):
    """ModelPubSub for several threads."""

    lock: threading.RLock = field(default_factory=threading.RLock)

    def publish(self, topic: str, messages: Sequence[OutgoingMessage]) -> None:
        with self.lock:
            super().publish(topic, messages)

    def acknowledge(self, held: Held) -> None:
        with self.lock:
            super().acknowledge(held)


@dataclass
class SharedCloudRun(ModelCloudRun):
    """ModelCloudRun for several threads."""

    lock: threading.RLock = field(default_factory=threading.RLock)

    def start(self, order: StartOrder) -> Started | Refused | Throttled | Ambiguous:
        with self.lock:
            return super().start(order)

    def find(self, job: str, environment: Mapping[str, str]) -> Started | None:
        with self.lock:
            return super().find(job, environment)


class JudgedLedger:
    """A real ledger; every commit is judged by the records that its own transaction read, and may be the last."""

    def __init__(self, inner: FullLedger, rules: CommitRules, fuse: SharedFuse) -> None:
        self._inner, self._rules, self._fuse = inner, rules, fuse

    def transact(self, keys: Iterable[Key], decide: Decision[T]) -> T:
        self._fuse.reach(LedgerUnavailable)
        seen: dict[Key, Record] = {}
        writes: dict[Key, Record] = {}

        def noted(snapshot: Snapshot) -> Load | Commit[T]:
            step = decide(snapshot)
            seen.clear()
            seen.update({key: record for key, record in snapshot.items() if record is not None})
            if isinstance(step, Commit):
                writes.clear()
                writes.update(step.writes)
            return step

        result = self._inner.transact(keys, noted)
        with self._fuse.lock:
            self._rules.watch(seen, writes)
        self._fuse.reach(LedgerUnavailable)
        return result

    def read(self, key: Key) -> Record | None:
        return self._inner.read(key)

    def due(self, now: datetime, limit: int) -> Sequence[Release]:
        return self._inner.due(now, limit)

    def recent(self, limit: int) -> Sequence[Release]:
        return self._inner.recent(limit)

    def newest(self, kind: Kind) -> Iterator[Record]:
        return self._inner.newest(kind)


@dataclass(frozen=True, slots=True)
class Kept:
    """What the ledger holds, for the rules to judge."""

    ledger: FullLedger

    @property
    def releases(self) -> Mapping[str, Release]:
        return {one.release_id: one for one in self.ledger.newest("releases") if isinstance(one, Release)}

    @property
    def lanes(self) -> Mapping[str, Lane]:
        return {one.key: one for one in self.ledger.newest("lanes") if isinstance(one, Lane)}


class Contest(Surroundings):
    """The world with eight workers in it."""

    def __init__(self, open_ledger: Callable[[], FullLedger]) -> None:
        fuse = SharedFuse()
        super().__init__(fuse)
        self.pubsub = SharedPubSub(self.clock, fuse)
        self.cloud_run = SharedCloudRun(self.clock, fuse, self.results)
        self.ledger = Kept(open_ledger())
        self._idle = [Functions(self, JudgedLedger(open_ledger(), self.rules, fuse)) for _ in range(WORKERS)]
        self._pool = ThreadPoolExecutor(WORKERS)
        self._chance = random.Random(0)
        self.ran: list[str] = []

    def send(self, *release_ids: str, env: str = "long", **changes: Any) -> None:
        """Publish one release after the other, and let nobody work on them yet."""
        for release_id in release_ids:
            what = {"release_version": "1", "artifact_path": "gs://artifacts/web.zip", "deployment_script": "run.sh"}
            self.publish({"release_id": release_id, "target_env": env, **what, **changes})

    def ask(self, **body: Any) -> None:
        """Publish another kind of request."""
        self.pubsub.post(REQUESTS, json.dumps(body).encode())

    def work(self) -> None:
        """Let all workers work until nothing moves: what is left waits for time to pass."""
        for _ in range(MOST_ROUNDS):
            before = tuple(self.pubsub.held)
            self._at_once(self._deliveries())
            if tuple(self.pubsub.held) in (before, ()):
                break
        check(self)

    def later(self, minutes: int = 1) -> None:
        """Let time pass; then there are as many reconciles as workers, all at once and amid what is delivered."""
        self.clock.forward(minutes=minutes, seconds=1)
        self._at_once([Functions.reconcile] * WORKERS + self._deliveries())
        self.work()

    def run_scripts(self, how: End = End.SUCCEEDED, *, entries: int = 1) -> None:
        """Let all executions that are open run their scripts and end; so many completion entries come of each."""
        for execution in tuple(self.cloud_run.open()):
            self.cloud_run.begin(execution)
            self.ran += [execution.release_id] if execution.runs_script else []
        check(self)
        for execution in tuple(self.cloud_run.open()):
            self.end(execution, how=End.CANCELLED if execution.stop_asked else how, entries=entries)
        self.work()

    def finish(self) -> None:
        """Run everything to its end, and judge how the world is left."""
        for _ in range(MOST_ROUNDS):
            self.work()
            self.run_scripts()
            if not self.pubsub.held and all(one.is_closed for one in self.ledger.releases.values()):
                break
            self.later()
        check_quiet(self)
        self._pool.shutdown()

    @property
    def states(self) -> dict[str, str]:
        """Return the state of every release that was sent by name."""
        return {name: one.state.value for name, one in sorted(self.ledger.releases.items()) if one.plan}

    def _deliveries(self) -> list[Task]:
        messages = self.pubsub.held * DELIVERED_TO
        return [methodcaller("deliver", held) for held in self._chance.sample(messages, len(messages))]

    def _at_once(self, tasks: Sequence[Task]) -> None:
        def do(task: Task) -> None:
            worker = self._idle.pop()
            try:
                task(worker)
            finally:
                self._idle.append(worker)

        for done in [self._pool.submit(do, task) for task in tasks]:
            done.result()
