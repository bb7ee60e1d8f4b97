"""Says what a message would do if it were published now: the very decision of dispatch_release, without its commit."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from interlock.domain.releases.effects import IdConflict, Redeliver, Republish, Start
from interlock.domain.releases.events import Cancel, Event, RequestReceived, Resume
from interlock.domain.releases.limits import StartLimits
from interlock.domain.releases.model import Release, State
from interlock.domain.requests.message import Message
from interlock.domain.requests.parser import RequestParser
from interlock.domain.requests.request import CancelRequest, ResumeRequest
from interlock.domain.requests.violation import Violation
from interlock.ledger.interface import Key, LedgerReader, Load, Record
from interlock.services.release_step import Applied, first_keys, step

_LIMITS = StartLimits(lease=timedelta(seconds=60), max_starts=5)


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
        told = {"would": self.word, "release_id": self.release_id, "explanation": self.line}
        return {**told, "violations": [violation.as_dict() for violation in self.violations]}


def forecast(ledger: LedgerReader, intake: RequestParser, message: Message, *, now: datetime) -> Forecast:
    """Judge the message by today's schema, routes and ledger."""
    asked = intake.read(message, now=now)
    event: Event
    match asked:
        case CancelRequest():
            event = Cancel(asked.requested_by, asked.reason)
        case ResumeRequest():
            event = Resume()
        case Release():
            event = RequestReceived(asked)
    stepped = _step(ledger, asked.release_id, event, now)
    if isinstance(asked, Release):
        return _of_release(asked, stepped)
    word = "cancel" if isinstance(asked, CancelRequest) else "resume"
    state = stepped.release.public_state.value if stepped.release else "unknown to the ledger"
    is_good = stepped.release is not None and not stepped.release.is_closed
    return Forecast(word=word, line=f"{word} {asked.release_id}: {state}", release_id=asked.release_id, is_good=is_good)


def _step(ledger: LedgerReader, release_id: str, event: Event, now: datetime) -> Applied:
    decision = step(release_id, event, now=now, limits=_LIMITS)
    snapshot: dict[Key, Record | None] = {key: ledger.read(key) for key in first_keys(release_id, event)}
    while isinstance(decided := decision(snapshot), Load):
        snapshot |= {key: ledger.read(key) for key in decided.keys}
    return decided.result


def _of_release(candidate: Release, stepped: Applied) -> Forecast:
    kinds = {type(effect) for effect in stepped.effects}
    after = stepped.release or candidate
    if IdConflict in kinds:
        line = f"another request has run under the id {candidate.release_id}"
        return Forecast(word="conflict", line=line, release_id=candidate.release_id, is_good=False)
    if Redeliver in kinds:
        line = f"{after.release_id} is {after.public_state.value}, its dead letter still on its way: try again soon"
        return Forecast(word="later", line=line, release_id=after.release_id, is_good=False)
    if Republish in kinds:
        line = f"a duplicate: {after.release_id} is {after.public_state.value}; nothing would start"
        return Forecast(word="duplicate", line=line, release_id=after.release_id)
    if Start in kinds or after.state is State.QUEUED:
        return _of_admitted(after, starts=Start in kinds)
    return Forecast(
        word=after.public_state.value,
        line=f"{after.public_state.value} again: {after.result.detail or after.result.reason}",
        release_id=after.release_id,
        is_good=False,
        violations=after.result.violations,
    )


def _of_admitted(release: Release, *, starts: bool) -> Forecast:
    assert release.plan
    told = "starts at once" if starts else "waits for its lane"
    plan, attempt = release.plan, f" as attempt {release.attempt}" if release.attempt > 1 else ""
    line = f"{told}{attempt}: route {plan.route}, job {plan.job.rsplit('/', 1)[-1]}, lane {plan.lane}"
    return Forecast(word="start" if starts else "queue", line=line, release_id=release.release_id)
