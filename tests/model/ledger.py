"""A ledger that a worker can be lost before and after, and that shows every commit to the rules."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from interlock.domain.releases.lane import Lane
from interlock.domain.releases.model import Release
from interlock.ledger.interface import Commit, Decision, LedgerUnavailable, Load, Snapshot
from interlock.ledger.records import Key, Record
from tests.fakes import MemoryLedger
from tests.model.faults import Fuse

T = TypeVar("T")
Watcher = Callable[[Mapping[Key, Record], Mapping[Key, Record]], None]


class WatchedLedger(MemoryLedger):
    """MemoryLedger with boundaries; `records` is what it holds, decoded."""

    def __init__(self, fuse: Fuse, watch: Watcher) -> None:
        super().__init__()
        self.records: dict[Key, Record] = {}
        self._fuse, self._watch = fuse, watch

    def transact(self, keys: Iterable[Key], decide: Decision[T]) -> T:
        self._fuse.reach(LedgerUnavailable)
        writes: dict[Key, Record] = {}

        def noted(snapshot: Snapshot) -> Load | Commit[T]:
            step = decide(snapshot)
            if isinstance(step, Commit):
                writes.update(step.writes)
            return step

        result = super().transact(keys, noted)
        before = dict(self.records)
        self.records |= writes
        self._watch(before, writes)
        self._fuse.reach(LedgerUnavailable)
        return result

    @property
    def releases(self) -> dict[str, Release]:
        return {one.release_id: one for one in self.records.values() if isinstance(one, Release)}

    @property
    def lanes(self) -> dict[str, Lane]:
        return {one.key: one for one in self.records.values() if isinstance(one, Lane)}
