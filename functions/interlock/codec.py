"""Records as every ledger stores them: JSON text beside the few fields that queries need."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from interlock.domain.due import due_at
from interlock.domain.kept_letter import KeptLetter
from interlock.domain.release import Release
from interlock.domain.transaction import RECORD_TYPES, Key, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One stored record: its text, and the fields it is found by."""

    body: str
    state: str | None = None
    lane: str | None = None
    due_at: datetime | None = None
    updated_at: datetime | None = None


def to_row(record: Record) -> Row:
    """Return the record as it is stored."""
    body = msgspec.json.encode(record).decode()
    match record:
        case Release():
            lane = record.plan.lane if record.plan else None
            return Row(body=body, state=record.state, lane=lane, due_at=due_at(record), updated_at=record.updated_at)
        case KeptLetter():
            return Row(body=body, updated_at=record.last_seen_at)
        case _:
            return Row(body=body)


def from_body(key: Key, body: str) -> Record:
    """Return the record that the key names; raise msgspec.ValidationError where the text is not one."""
    record: Any = msgspec.json.decode(body, type=RECORD_TYPES[key.kind])
    return record  # type: ignore[no-any-return]
