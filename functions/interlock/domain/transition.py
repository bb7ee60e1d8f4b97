"""What may happen to a release (events), and what a decision asks the shell to do (effects)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from interlock.domain.lane import Lane
from interlock.domain.release import Release, Result, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The patience of the machine: how long a claim stands, and how often a start is tried."""

    lease: timedelta
    max_starts: int


# --- events: what happened -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Submit:
    """A request message came in; the candidate is the record it would make."""

    candidate: Release


@dataclass(frozen=True, slots=True)
class Resume:
    """Somebody freed the lane or found the release due: look whether it may start."""


@dataclass(frozen=True, slots=True)
class Confirm:
    """Cloud Run named the execution that the claim with this fence started."""

    fence: int
    execution: str
    log_uri: str | None


@dataclass(frozen=True, slots=True)
class Refuse:
    """Cloud Run refused the start for good."""

    fence: int
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Overload:
    """Cloud Run has no room now; try again at the given time."""

    fence: int
    retry_at: datetime


@dataclass(frozen=True, slots=True)
class Missing:
    """No execution bears the release, and whatever of its starts turns up late stands back: the fence is sealed."""

    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Complete:
    """An execution ended. `owner` holds the attempt's fence: an execution's short name, SEALED, or nobody yet."""

    execution: str
    attempt: int | None
    fence: int | None
    state: State
    result: Result
    owner: str | None
    log_uri: str | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """Somebody asked to stop the release."""

    requested_by: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Supersede:
    """A newer request took the place of this queued release."""

    by: str


@dataclass(frozen=True, slots=True)
class Bury:
    """The request message ended on the dead-letter topic; the candidate is the record that says so."""

    candidate: Release


Event = Submit | Resume | Confirm | Refuse | Overload | Missing | Complete | Cancel | Supersede | Bury


# --- effects: what to do about it ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Start:
    """Start the job for the claim just made; after a take-over, look for an execution to adopt first."""

    take_over: bool = False


@dataclass(frozen=True, slots=True)
class LookFor:
    """Look for an execution to adopt, and start none: this release shall not be started again.

    Where there is none, seal the fence before saying so.
    """


@dataclass(frozen=True, slots=True)
class Seal:
    """Seal the fence and tell the end again: an earlier start may still turn up and run beside the lane's next."""


@dataclass(frozen=True, slots=True)
class StopExecution:
    """Ask Cloud Run to cancel the execution."""

    execution: str


@dataclass(frozen=True, slots=True)
class Replace:
    """These queued releases are superseded, in the same transaction."""

    release_ids: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True)
class Retell:
    """Publish the newest status event again: somebody asked for what is already decided."""


@dataclass(frozen=True, slots=True)
class TryLater:
    """Another worker holds the claim: do not acknowledge, so that the message comes back."""

    reason: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """The id is taken by another request; the record stays untouched."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing to do, by this named rule."""

    reason: str


Effect = Start | LookFor | Seal | StopExecution | Replace | Retell | TryLater | Conflict | Ignored


@dataclass(frozen=True, slots=True)
class Transition:
    """The release and lane after the event, and what to do. An unchanged value is the same object."""

    release: Release | None
    lane: Lane | None
    effects: tuple[Effect, ...] = ()
