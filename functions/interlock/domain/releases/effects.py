"""What a decision asks the function to do, and the decision itself."""

from dataclasses import dataclass

from interlock.domain.releases.lane import Lane
from interlock.domain.releases.model import Release


@dataclass(frozen=True, slots=True)
class StartExecution:
    """Start the job for the claim just made; after a take-over, look for an execution to adopt first."""

    take_over: bool = False


@dataclass(frozen=True, slots=True)
class FindExecution:
    """Look for an execution to adopt, and start none: this release shall not be started again.

    Where there is none, seal the fence before saying so.
    """


@dataclass(frozen=True, slots=True)
class SealOwnership:
    """Seal the fence, then apply the end again: an earlier start may still turn up and run beside the lane's next."""


@dataclass(frozen=True, slots=True)
class StopExecution:
    """Ask Cloud Run to cancel the execution."""

    execution: str


@dataclass(frozen=True, slots=True)
class SupersedeQueued:
    """These queued releases are superseded, in the same transaction."""

    release_ids: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True)
class Republish:
    """Publish the newest status event again: somebody asked for what is already decided."""


@dataclass(frozen=True, slots=True)
class Redeliver:
    """Another worker holds the claim: do not acknowledge, so that the message comes back."""

    reason: str


@dataclass(frozen=True, slots=True)
class IdConflict:
    """The id is taken by another request; the record stays untouched."""


@dataclass(frozen=True, slots=True)
class NoEffect:
    """Nothing to do, by this named rule."""

    reason: str


Effect = (
    StartExecution
    | FindExecution
    | SealOwnership
    | StopExecution
    | SupersedeQueued
    | Republish
    | Redeliver
    | IdConflict
    | NoEffect
)


@dataclass(frozen=True, slots=True)
class Transition:
    """The release and lane after the event, and what to do. An unchanged value is the same object."""

    release: Release | None
    lane: Lane | None
    effects: tuple[Effect, ...] = ()
