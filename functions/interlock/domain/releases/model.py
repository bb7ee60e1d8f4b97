"""The record of one release: its states, the plan its route gave it, and what is still to be announced."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from interlock.domain.requests.routes import LaneMode, Rerun
from interlock.domain.requests.violation import Violation


class State(StrEnum):
    """Where a release stands. `starting` is internal: the claim is made, the execution not yet known."""

    QUEUED = "queued"
    STARTING = "starting"
    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    REJECTED = "rejected"
    EXPIRED = "expired"
    ERRORED = "errored"
    DEAD_LETTERED = "dead_lettered"


OUTCOMES: Mapping[State, str] = {
    State.SUCCEEDED: "success",
    State.FAILED: "failure",
    State.CANCELLED: "cancel",
    State.SUPERSEDED: "cancel",
    State.REJECTED: "error",
    State.EXPIRED: "cancel",
    State.ERRORED: "error",
    State.DEAD_LETTERED: "error",
}
"""The word that closes a release, by closing state (design 1.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The Pub/Sub message a release came from; `data` is None where it was too large to keep."""

    message_id: str
    publish_time: datetime
    data: bytes | None
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePlan:
    """What the matching route decided for this attempt.

    `matched` is why it matched, as `key=value`; empty where it takes everything, None in records older than the field.
    """

    route: str
    job: str
    lane: str
    lane_mode: LaneMode
    capacity: int
    max_queue: int
    rerun: Rerun
    timeout_seconds: int | None
    allowed_sources: tuple[str, ...]
    replaceable: bool
    matched: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusEvent:
    """One status event whole, as it will be published: a CloudEvent's attributes, and `data`, its JSON body."""

    id: str
    source: str
    type: str
    subject: str
    time: datetime
    data: Mapping[str, Any]
    sequence: int
    attempt: int
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterNotice:
    """The request message must still be forwarded to the dead-letter topic, with these attributes."""

    reason: str
    stage: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """What a transaction decided to send and nobody has confirmed as sent."""

    events: tuple[StatusEvent, ...] = ()
    resumes: tuple[str, ...] = ()
    dead_letter: DeadLetterNotice | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to send."""
        return not (self.events or self.resumes or self.dead_letter)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One line of the release's timeline."""

    state: State
    at: datetime
    attempt: int
    sequence: int
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """Somebody asked for the running release to be stopped."""

    at: datetime
    requested_by: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class ItemGroup:
    """How many items of a manifest fared alike, and the first of their names."""

    count: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How the release ended, in Interlock's words."""

    reason: str | None = None
    detail: str | None = None
    exit_code: int | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)
    error_lines: tuple[str, ...] = ()
    items: Mapping[str, ItemGroup] = field(default_factory=dict)
    violations: tuple[Violation, ...] = ()
    superseded_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The ledger's record of one release.

    `sequence` is that of its newest status event, kept in `last_event` for whoever asks again. `message_ids` are the
    Pub/Sub messages that were answered by this record, so that a redelivery is never taken for a new request.
    `refusal` is a start's refusal that cannot close the release yet, because an earlier start may still run.
    """

    release_id: str
    state: State
    request: Mapping[str, Any]
    payload_hash: str
    source: Source
    accepted_at: datetime
    updated_at: datetime
    plan: ReleasePlan | None = None
    not_after: datetime | None = None
    attempt: int = 1
    sequence: int = 0
    fencing_token: int = 0
    starts: int = 0
    overloads: int = 0
    lease_until: datetime | None = None
    not_before: datetime | None = None
    execution: str | None = None
    log_uri: str | None = None
    checked_at: datetime | None = None
    cancellation: Cancellation | None = None
    refusal: Result | None = None
    result: Result = Result()
    message_ids: tuple[str, ...] = ()
    last_event: StatusEvent | None = None
    history: tuple[HistoryEntry, ...] = ()
    outbox: Outbox = Outbox()

    @property
    def is_closed(self) -> bool:
        """Whether the release has its closing state."""
        return self.state in OUTCOMES

    @property
    def public_state(self) -> State:
        """The state in the words of the contract: a claim without an execution still counts as queued."""
        return State.QUEUED if self.state is State.STARTING else self.state
