"""A dead letter as the ledger keeps it, until someone replays or discards it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from interlock.domain.dead_letters.dead_letter import DeadLetter


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What became of a dead letter, by whom and why."""

    action: Literal["replayed", "discarded"]
    by: str
    at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDeadLetter:
    """A dead letter whole, how often it arrived, whether its alert notifies, and what became of it."""

    letter: DeadLetter
    first_seen_at: datetime
    last_seen_at: datetime
    notify: bool
    arrivals: int = 1
    settlement: Resolution | None = None
