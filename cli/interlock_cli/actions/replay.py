"""Replays dead letters: publishes the message as it was first published, byte for byte, under the same release id.

A message that named no release id got one from its Pub/Sub message id. The replay has another message id, so the old
release id is written into the message. The payload hash leaves the release id out: what did run counts as a duplicate.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from interlock.bootstrap import utc_now
from interlock.cloud_events import open_message
from interlock.domain.dead_letters.dead_letter import DeadLetter, original_attributes
from interlock.domain.dead_letters.stored import Resolution, StoredDeadLetter
from interlock.domain.requests.json_body import BodyError, parse_body
from interlock.domain.requests.message import Message
from interlock.domain.requests.parser import RequestParser
from interlock.domain.requests.payload import MalformedEvent, derived_release_id
from interlock.ledger.interface import Ledger, LedgerReader
from interlock.ports import OutgoingMessage, PublisherWithId
from interlock_cli.actions.dead_letters import find_dead_letter, read_dead_letters, record_resolution
from interlock_cli.actions.forecast import Forecast, forecast
from interlock_cli.errors import CommandError

_KEYS_WITH_RELEASE_ID = {"release_id", "cancel", "resume"}
LIST_COMMAND = "run: interlock dead-letters list --group"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayPlan:
    """What the replay of one dead letter would publish, and what would become of it."""

    dead_letter_id: str
    message: OutgoingMessage
    forecast: Forecast
    is_changed: bool

    def as_document(self) -> dict[str, object]:
        """Return the plan as JSON."""
        plan = {"dead_letter_id": self.dead_letter_id, "publish": self.forecast.is_good, "changed": self.is_changed}
        return {**plan, **self.forecast.as_document()}

    def line(self) -> str:
        """Return the plan as a line of text."""
        action = "replay" if self.forecast.is_good else "keep"
        return f"{action}  {self.dead_letter_id}  {self.forecast.release_id}  {self.forecast.line}"


def select_dead_letters(
    ledger: LedgerReader, dead_letter_id: str | None, group: str | None
) -> Sequence[StoredDeadLetter]:
    """Return the one dead letter, or the open ones of the group, the oldest first."""
    if dead_letter_id:
        return (find_dead_letter(ledger, dead_letter_id),)
    found = list(read_dead_letters(ledger, group=group))
    if not found:
        raise CommandError(f"no open dead letter in the group {group}", LIST_COMMAND)
    return found[::-1]


def plan_replay(
    stored: StoredDeadLetter,
    ledger: LedgerReader,
    *,
    parser: RequestParser,
    now: datetime,
    edited: bytes | None = None,
) -> ReplayPlan:
    """Return what a replay of the message, as stored or as edited, would publish and do."""
    dead_letter = stored.letter
    attributes = original_attributes(dead_letter.attributes)
    data = _with_release_id(dead_letter, dead_letter.data if edited is None else edited, attributes)
    message = Message("replay", now, data, attributes)
    return ReplayPlan(
        dead_letter_id=dead_letter.dead_letter_id,
        message=OutgoingMessage(data=data, attributes=attributes),
        forecast=_resolved(stored) or _no_request(dead_letter) or forecast(ledger, parser, message, now=now),
        is_changed=data != dead_letter.data,
    )


def publish_replays(
    plans: Iterable[ReplayPlan],
    ledger: Ledger,
    *,
    publisher: PublisherWithId,
    topic: str,
    by: str,
    reason: str | None,
) -> None:
    """Publish each, then record who did it. A crash between the two leaves it open: a duplicate, never a loss."""
    for plan in plans:
        resolution = Resolution(action="replayed", by=by, at=utc_now(), reason=reason)
        publisher.post(topic, plan.message)
        record_resolution(ledger, plan.dead_letter_id, resolution)


def _with_release_id(dead_letter: DeadLetter, data: bytes, attributes: dict[str, str]) -> bytes:
    original = Message(dead_letter.message_id, dead_letter.publish_time, data, attributes)
    payload = open_message(original)
    if isinstance(payload, MalformedEvent) or (payload.source and payload.event_id):
        return data
    body = parse_body(data)
    if isinstance(body, BodyError) or _KEYS_WITH_RELEASE_ID & body.keys():
        return data
    release_id = dead_letter.release_id or derived_release_id(dead_letter.message_id)
    return json.dumps({**body, "release_id": release_id}, ensure_ascii=False).encode()


def _resolved(stored: StoredDeadLetter) -> Forecast | None:
    resolution = stored.settlement
    if resolution is None:
        return None
    line = f"{resolution.action} by {resolution.by} at {resolution.at:%Y-%m-%d %H:%M:%S} already"
    return Forecast(word="settled", line=line, release_id=stored.letter.release_id or "-", is_good=False)


def _no_request(dead_letter: DeadLetter) -> Forecast | None:
    """A job's completion is no request; reconcile_releases finds the executions that ended without one."""
    if dead_letter.stage != "report_status":
        return None
    line = "a job's completion, not a request: reconcile_releases closes its release without it; discard it"
    return Forecast(word="not_a_request", line=line, release_id=dead_letter.release_id or "-", is_good=False)
