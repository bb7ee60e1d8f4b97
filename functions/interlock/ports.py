"""What the handlers need from the world, named by need; adapters and fakes pass the same contract tests."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from interlock.domain.release import Release
from interlock.domain.transaction import Decision, Key, Kind, Record

T = TypeVar("T")


class LedgerUnavailable(Exception):
    """The ledger did not answer or would not commit; the message must come back."""


class Ledger(Protocol):
    """Applies pure decisions to records, each whole or not at all.

    What a decision writes nobody has changed since it was read. A record that it only read may have moved: a decision
    that must rely on one writes it as well, unchanged.
    """

    def transact(self, keys: Iterable[Key], decide: Decision[T]) -> T:
        """Read the keys, decide (reading on while it asks), write, and return the decision's result."""


class LedgerReader(Protocol):
    """Reads single records and pages of releases, outside any transaction."""

    def read(self, key: Key) -> Record | None:
        """Return the record, or None."""

    def due(self, now: datetime, limit: int) -> Sequence[Release]:
        """Return the releases whose due instant has passed, oldest first."""

    def recent(self, limit: int) -> Sequence[Release]:
        """Return the releases that changed last, newest first."""

    def newest(self, kind: Kind) -> Iterator[Record]:
        """Yield all records of a kind, the last changed first, read on as far as the caller goes.

        Lanes bear no instant and come by name, backwards.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One Pub/Sub message to publish."""

    data: bytes
    attributes: Mapping[str, str]
    ordering_key: str = ""


class PublishFailed(Exception):
    """The topic did not confirm the messages; they may or may not be there."""


class Publisher(Protocol):
    """Publishes messages on one topic."""

    def publish(self, topic: str, messages: Sequence[Outgoing]) -> None:
        """Return once the topic has confirmed them all; raise PublishFailed."""


class Poster(Protocol):
    """Publishes one message and learns its id, to follow what becomes of it."""

    def post(self, topic: str, message: Outgoing) -> str:
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
class StartRefused:
    """No try will ever start it: `permission`, `job_not_found`, `invalid_argument` or `failed_precondition`."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Overloaded:
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

    def start(self, order: StartOrder) -> Started | StartRefused | Overloaded | Ambiguous:
        """Start the job once; never wait for it to end, never retry."""

    def find(self, job: str, environment: Mapping[str, str]) -> Started | None:
        """Return the newest execution of the job whose environment holds all of these, or None."""

    def stop(self, execution: str) -> None:
        """Ask Cloud Run to cancel the execution; one that is over or gone is no error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionStatus:
    """An execution as the API tells it: its environment, and whether and how it ended."""

    environment: Mapping[str, str]
    completed: bool | None
    reason: str | None
    message: str | None
    counts: Mapping[str, int]
    task_count: int
    log_uri: str | None


class ExecutionReader(Protocol):
    """Reads one execution."""

    def status(self, execution: str) -> ExecutionStatus | None:
        """Return how the execution stands, or None where it does not exist."""


MOST_TASKS = 64
"""Of a release with more tasks, the results of the first are read: a report must not take minutes."""


class ResultsUnavailable(Exception):
    """The results store did not answer; the message must come back."""


class Fence(Protocol):
    """The attempt's fence: whoever creates its owner's document first may run the script, nobody after (design 2.6)."""

    def owner(self, release_id: str, attempt: int) -> str | None:
        """Return the owner's short name, or None; raise ResultsUnavailable."""

    def seal(self, release_id: str, attempt: int) -> str:
        """Take the fence as SEALED unless it is taken; return the owner's short name; raise ResultsUnavailable."""


class ResultReader(Protocol):
    """Reads what the agent left behind."""

    def results(self, release_id: str, attempt: int) -> Sequence[Mapping[str, Any]]:
        """Return the results.json of each task's last try, by task index, no more than MOST_TASKS.

        What is missing or broken is left out: it never holds the platform's verdict up.
        """


class Results(Fence, ResultReader, Protocol):
    """The store that the agent of every execution writes to."""


class Journal(Protocol):
    """Writes one structured log line per decision."""

    def bind(self, **fields: object) -> "Journal":
        """Return a journal that adds these fields to every line."""

    def note(self, event: str, *, severity: str = "INFO", **fields: object) -> None:
        """Write the line at once."""

    def write(self, entry: Mapping[str, object]) -> None:
        """Write an entry that is already whole and redacted."""
