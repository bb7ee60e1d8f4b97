"""Records as every ledger stores them: JSON text beside the few fields that queries need."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from interlock.domain.dead_letters.dead_letter import Incident
from interlock.domain.dead_letters.stored import StoredDeadLetter
from interlock.domain.releases.lane import Lane
from interlock.domain.releases.model import Release
from interlock.domain.releases.reconcile_schedule import due_at

Record = Release | Lane | StoredDeadLetter | Incident
Kind = Literal["releases", "lanes", "dead_letters", "incidents"]

RECORD_TYPES: Mapping[Kind, type[Record]] = {
    "releases": Release,
    "lanes": Lane,
    "dead_letters": StoredDeadLetter,
    "incidents": Incident,
}
"""What each kind of key names."""


class Key(NamedTuple):
    """Names one record of the ledger; a tuple, since every transaction looks records up by it dozens of times."""

    kind: Kind
    id: str


_DECODERS = {kind: msgspec.json.Decoder(record) for kind, record in RECORD_TYPES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One stored record: its text, the fields it is found by, and since when it is over and may be deleted one day."""

    body: str
    state: str | None = None
    lane: str | None = None
    due_at: datetime | None = None
    updated_at: datetime | None = None
    over_at: datetime | None = None


def to_row(record: Record) -> Row:
    """Return the record as it is stored."""
    body = msgspec.json.encode(record).decode()
    match record:
        case Release():
            return Row(
                body=body,
                state=record.state,
                lane=record.plan.lane if record.plan else None,
                due_at=due_at(record),
                updated_at=record.updated_at,
                over_at=record.updated_at if record.is_closed and record.outbox.is_empty else None,
            )
        case StoredDeadLetter():
            settled = record.settlement.at if record.settlement else None
            return Row(body=body, updated_at=record.last_seen_at, over_at=settled)
        case _:
            return Row(body=body)


def from_body(key: Key, body: str) -> Record:
    """Return the record that the key names; raise msgspec.ValidationError where the text is not one."""
    return _DECODERS[key.kind].decode(body)
