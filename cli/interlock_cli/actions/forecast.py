"""What a message would do if it were published now: the decision of dispatch_release, without its commit."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from interlock.cloud_events import open_message
from interlock.domain.releases.candidate import candidate
from interlock.domain.releases.effects import IdConflict, Redeliver, Republish, StartExecution
from interlock.domain.releases.events import Cancel, Event, RequestReceived, Resume
from interlock.domain.releases.model import Release, State
from interlock.domain.requests.message import Message
from interlock.domain.requests.parser import AcceptedRequest, RejectedRequest, RequestParser
from interlock.domain.requests.request import CancelRequest, ResumeRequest
from interlock.domain.requests.violation import Violation
from interlock.ledger.interface import Decision, LedgerReader, Load
from interlock.ledger.records import Key, Record
from interlock.services.release_service import ReleaseService
from interlock.services.release_transaction import Applied

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What would become of a message, in one word and one line; `is_good` if publishing it makes sense."""

    word: str
    line: str
    release_id: str
    is_good: bool = True
    violations: tuple[Violation, ...] = ()

    def as_document(self) -> dict[str, object]:
        """Return the forecast as JSON."""
        document = {"would": self.word, "release_id": self.release_id, "explanation": self.line}
        return {**document, "violations": [violation.as_dict() for violation in self.violations]}


def forecast(ledger: LedgerReader, parser: RequestParser, message: Message, *, now: datetime) -> Forecast:
    """Judge the message by today's schema, routes and ledger."""
    parsed = parser.parse(message, open_message(message))
    event: Event
    match parsed:
        case CancelRequest():
            event = Cancel(parsed.requested_by, parsed.reason)
        case ResumeRequest():
            event = Resume()
        case AcceptedRequest() | RejectedRequest():
            event = RequestReceived(candidate(parsed, now=now))
    releases = ReleaseService(ledger=_ReadOnly(ledger), instance="forecast", now=lambda: now)
    applied = releases.apply(parsed.release_id, event)
    if isinstance(event, RequestReceived):
        return _of_release(event.candidate, applied)
    word = "cancel" if isinstance(event, Cancel) else "resume"
    state = applied.release.public_state.value if applied.release else "unknown to the ledger"
    is_good = applied.release is not None and not applied.release.is_closed
    return Forecast(
        word=word, line=f"{word} {parsed.release_id}: {state}", release_id=parsed.release_id, is_good=is_good
    )


class _ReadOnly:
    """A ledger on which every decision is made and none is written."""

    def __init__(self, ledger: LedgerReader) -> None:
        self._ledger = ledger

    def transact(self, keys: Iterable[Key], decide: Decision[T]) -> T:
        """Read what the decision asks for, and return its result without a commit."""
        snapshot: dict[Key, Record | None] = {key: self._ledger.read(key) for key in keys}
        while isinstance(decided := decide(snapshot), Load):
            snapshot |= {key: self._ledger.read(key) for key in decided.keys}
        return decided.result


def _of_release(candidate: Release, applied: Applied) -> Forecast:
    kinds = {type(effect) for effect in applied.effects}
    after = applied.release or candidate
    if IdConflict in kinds:
        line = f"another request has run under the id {candidate.release_id}"
        return Forecast(word="conflict", line=line, release_id=candidate.release_id, is_good=False)
    if Redeliver in kinds:
        line = f"{after.release_id} is {after.public_state.value}, its dead letter still on its way: try again soon"
        return Forecast(word="later", line=line, release_id=after.release_id, is_good=False)
    if Republish in kinds:
        line = f"a duplicate: {after.release_id} is {after.public_state.value}; nothing would start"
        return Forecast(word="duplicate", line=line, release_id=after.release_id)
    if StartExecution in kinds or after.state is State.QUEUED:
        return _of_admitted(after, starts=StartExecution in kinds)
    return Forecast(
        word=after.public_state.value,
        line=f"{after.public_state.value} again: {after.result.detail or after.result.reason}",
        release_id=after.release_id,
        is_good=False,
        violations=after.result.violations,
    )


def _of_admitted(release: Release, *, starts: bool) -> Forecast:
    assert release.plan
    when = "starts at once" if starts else "waits for its lane"
    plan, attempt = release.plan, f" as attempt {release.attempt}" if release.attempt > 1 else ""
    line = f"{when}{attempt}: route {plan.route}, job {plan.job.rsplit('/', 1)[-1]}, lane {plan.lane}"
    return Forecast(word="start" if starts else "queue", line=line, release_id=release.release_id)
