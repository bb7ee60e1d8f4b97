"""The patience of the state machine, which each function sets."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class StartLimits:
    """The patience of the machine: how long a claim stands, and how often a start is tried."""

    lease: timedelta
    max_starts: int
