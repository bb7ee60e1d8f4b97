"""What a decision must know besides the records: when it is made, by which installation, and how patient it is."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class StartLimits:
    """How long a claim stands before another try may take it over, and how often a start is tried."""

    lease: timedelta = timedelta(seconds=60)
    max_starts: int = 5


DEFAULT_LIMITS = StartLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Handed into every decision, so that the same records and event give the same result (clock and names outside)."""

    now: datetime
    instance: str
    limits: StartLimits
