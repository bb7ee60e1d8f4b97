"""A dead letter as the ledger keeps it, until someone replays or discards it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from interlock.domain.dead_letter import DeadLetter


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What became of a dead letter, by whom and why."""

    action: Literal["replayed", "discarded"]
    by: str
    at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLetter:
    """A dead letter whole, how often it arrived, whether its alert notifies, and what became of it."""

    letter: DeadLetter
    first_seen_at: datetime
    last_seen_at: datetime
    notify: bool
    arrivals: int = 1
    settlement: Settlement | None = None
