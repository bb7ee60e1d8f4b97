"""What may happen to a release: facts in the past tense, and the two commands that people and lanes send."""

from dataclasses import dataclass
from datetime import datetime

from interlock.domain.releases.model import Release, Result, State


@dataclass(frozen=True, slots=True)
class RequestReceived:
    """A request message came in; the candidate is the record it would make."""

    candidate: Release


@dataclass(frozen=True, slots=True)
class Resume:
    """Somebody freed the lane or found the release due: look whether it may start."""


@dataclass(frozen=True, slots=True)
class StartConfirmed:
    """Cloud Run named the execution that the claim with this fence started."""

    fencing_token: int
    execution: str
    log_uri: str | None


@dataclass(frozen=True, slots=True)
class StartRefused:
    """Cloud Run refused the start for good."""

    fencing_token: int
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class StartThrottled:
    """Cloud Run has no room now; try again at the given time."""

    fencing_token: int
    retry_at: datetime


@dataclass(frozen=True, slots=True)
class ExecutionNotFound:
    """No execution bears the release. Its fence is sealed, so an earlier start that turns up late does nothing."""

    fencing_token: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionEnded:
    """An execution that bears a release ended, as its audit entry or the API says it.

    `execution` is the full resource name; `release_id`, `attempt` and `fence` come from its environment. `owner` holds
    the attempt's ownership: an execution's short name, SEALED, or None where nobody has taken it or nobody looked yet.
    """

    release_id: str
    attempt: int
    fencing_token: int | None
    execution: str
    state: State
    result: Result
    log_uri: str | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """Somebody asked to stop the release."""

    requested_by: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Superseded:
    """A newer request took the place of this queued release."""

    by: str


@dataclass(frozen=True, slots=True)
class DeadLettered:
    """The request message ended on the dead-letter topic; `candidate` is the record to keep of it."""

    candidate: Release


Event = (
    RequestReceived
    | Resume
    | StartConfirmed
    | StartRefused
    | StartThrottled
    | ExecutionNotFound
    | ExecutionEnded
    | Cancel
    | Superseded
    | DeadLettered
)
