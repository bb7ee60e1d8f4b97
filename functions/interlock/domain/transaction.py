"""What a ledger transaction is made of: keys to read, a pure decision, records to write."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Literal, NamedTuple, TypeVar

from interlock.domain.dead_letter import Incident
from interlock.domain.kept_letter import KeptLetter
from interlock.domain.lane import Lane
from interlock.domain.release import Release

Record = Release | Lane | KeptLetter | Incident
Kind = Literal["releases", "lanes", "dead_letters", "incidents"]
T = TypeVar("T")

RECORD_TYPES: Mapping[Kind, type[Record]] = {
    "releases": Release,
    "lanes": Lane,
    "dead_letters": KeptLetter,
    "incidents": Incident,
}
"""What each kind of key names."""


class Key(NamedTuple):
    """Names one record of the ledger; a tuple, since every step looks records up by it dozens of times."""

    kind: Kind
    id: str


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
