"""What the handlers need from the world, named by need; adapters and fakes pass the same contract tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from interlock.domain.executions.execution_status import ExecutionStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """One Pub/Sub message to publish."""

    data: bytes
    attributes: Mapping[str, str]
    ordering_key: str = ""


class PublishFailed(Exception):
    """The topic did not confirm the messages; they may or may not be there."""


class Publisher(Protocol):
    """Publishes messages on one topic."""

    def publish(self, topic: str, messages: Sequence[OutgoingMessage]) -> None:
        """Return once the topic has confirmed them all; raise PublishFailed."""


class PublisherWithId(Protocol):
    """Publishes one message and learns its id, to follow what becomes of it."""

    def post(self, topic: str, message: OutgoingMessage) -> str:
        """Return the id that the topic gave the message; raise PublishFailed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartOrder:
    """One RunJob call: the job, what the release adds to its environment, and its bounds."""

    job: str
    environment: Mapping[str, str]
    task_count: int | None
    timeout_seconds: int | None


@dataclass(frozen=True, slots=True)
class Started:
    """Cloud Run made this execution (full resource name)."""

    execution: str
    log_uri: str | None


@dataclass(frozen=True, slots=True)
class Refused:
    """No try will ever start it: `permission`, `job_not_found`, `invalid_argument` or `failed_precondition`."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Throttled:
    """Nothing was started, and a later try may succeed."""

    detail: str


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """The execution may or may not exist."""

    detail: str


class CloudRunUnavailable(Exception):
    """Cloud Run did not answer a question; the message must come back."""


class JobStarter(Protocol):
    """Starts, finds and stops executions of Cloud Run jobs."""

    def start(self, order: StartOrder) -> Started | Refused | Throttled | Ambiguous:
        """Start the job once; never wait for it to end, never retry."""

    def find(self, job: str, environment: Mapping[str, str]) -> Started | None:
        """Return the newest execution of the job whose environment holds all of these, or None."""

    def stop(self, execution: str) -> None:
        """Ask Cloud Run to cancel the execution; one that is over or gone is no error."""


class ExecutionReader(Protocol):
    """Reads one execution."""

    def status(self, execution: str) -> ExecutionStatus | None:
        """Return how the execution stands, or None where it does not exist."""
