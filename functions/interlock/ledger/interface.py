"""The ledger's role: it reads the records that a pure decision asks for and commits what the decision writes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from interlock.domain.releases.model import Release
from interlock.ledger.records import Key, Kind, Record

T = TypeVar("T")
Snapshot = Mapping[Key, Record | None]


@dataclass(frozen=True, slots=True)
class Load:
    """The decision needs these records too, in the same transaction."""

    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Commit(Generic[T]):
    """The decision is made: write these records and hand back the result."""

    writes: Mapping[Key, Record]
    result: T


Decision = Callable[[Snapshot], Load | Commit[T]]


class LedgerUnavailable(Exception):
    """The ledger did not answer or would not commit; the message must come back."""


class Ledger(Protocol):
    """Applies pure decisions to records, each whole or not at all.

    What a decision writes nobody has changed since it was read. A record that it only read may have moved: a decision
    that must rely on one writes it as well, unchanged.
    """

    def transact(self, keys: Iterable[Key], decide: Decision[T]) -> T:
        """Read the keys, decide (reading on while it asks), write, and return the decision's result."""


class LedgerReader(Protocol):
    """Reads single records and pages of releases, outside any transaction."""

    def read(self, key: Key) -> Record | None:
        """Return the record, or None."""

    def due(self, now: datetime, limit: int) -> Sequence[Release]:
        """Return the releases whose due instant has passed, oldest first."""

    def recent(self, limit: int) -> Sequence[Release]:
        """Return the releases that changed last, newest first."""

    def newest(self, kind: Kind) -> Iterator[Record]:
        """Yield all records of a kind, the last changed first, read on as far as the caller goes.

        Lanes bear no instant and come by name, backwards.
        """
