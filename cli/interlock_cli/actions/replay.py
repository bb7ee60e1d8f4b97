"""Replays dead letters: the message as first published, byte for byte, under the release id it had.

A message that named no id had its Pub/Sub message's id, and a replay has another; so the old id is written into it.
The payload hash leaves the id out: what did run counts as a duplicate.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from interlock.cloud_events import open_message
from interlock.domain.dead_letters.dead_letter import DeadLetter, original_attributes
from interlock.domain.dead_letters.stored import Resolution, StoredDeadLetter
from interlock.domain.requests.json_body import BodyError, parse_body
from interlock.domain.requests.message import Message
from interlock.domain.requests.parser import RequestParser
from interlock.domain.requests.payload import MalformedEvent, derived_release_id
from interlock.ledger.interface import Ledger, LedgerReader
from interlock.ports import OutgoingMessage, PublisherWithId
from interlock_cli.actions.dead_letters import settle
from interlock_cli.actions.forecast import Forecast, forecast

_NAMES_A_RELEASE = {"release_id", "cancel", "resume"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """One letter's replay as planned: what would be published, and what would become of it."""

    dead_letter_id: str
    message: OutgoingMessage
    forecast: Forecast
    is_changed: bool

    def as_document(self) -> dict[str, object]:
        """Return the plan as JSON."""
        told = {"dead_letter_id": self.dead_letter_id, "publish": self.forecast.is_good, "changed": self.is_changed}
        return {**told, **self.forecast.as_document()}

    def line(self) -> str:
        """Return the plan as a line: what would become of which letter."""
        verdict = "replay" if self.forecast.is_good else "keep"
        return f"{verdict}  {self.dead_letter_id}  {self.forecast.release_id}  {self.forecast.line}"


def plan_replay(
    kept: StoredDeadLetter, ledger: LedgerReader, *, parser: RequestParser, now: datetime, edited: bytes | None = None
) -> Replay:
    """Return what a replay of the letter, as kept or as edited, would publish and do."""
    letter = kept.letter
    attributes = original_attributes(letter.attributes)
    data = _with_release_id(letter, letter.data if edited is None else edited, attributes)
    message = Message("replay", now, data, attributes)
    judged = _settled(kept) or _foreign(letter) or forecast(ledger, parser, message, now=now)
    outgoing = OutgoingMessage(data=data, attributes=attributes)
    return Replay(
        dead_letter_id=letter.dead_letter_id, message=outgoing, forecast=judged, is_changed=data != letter.data
    )


def carry_out(replay: Replay, ledger: Ledger, *, poster: PublisherWithId, topic: str, settlement: Resolution) -> None:
    """Publish, then record who did it. A crash between the two leaves the letter open: a duplicate, never a loss."""
    poster.post(topic, replay.message)
    settle(ledger, replay.dead_letter_id, settlement)


def _with_release_id(letter: DeadLetter, data: bytes, attributes: dict[str, str]) -> bytes:
    original = Message(letter.message_id, letter.publish_time, data, attributes)
    payload = open_message(original)
    if isinstance(payload, MalformedEvent) or (payload.source and payload.event_id):
        return data
    body = parse_body(data)
    if isinstance(body, BodyError) or _NAMES_A_RELEASE & body.keys():
        return data
    release_id = letter.release_id or derived_release_id(letter.message_id)
    return json.dumps({**body, "release_id": release_id}, ensure_ascii=False).encode()


def _settled(kept: StoredDeadLetter) -> Forecast | None:
    done = kept.settlement
    if done is None:
        return None
    line = f"{done.action} by {done.by} at {done.at:%Y-%m-%d %H:%M:%S} already"
    return Forecast(word="settled", line=line, release_id=kept.letter.release_id or "-", is_good=False)


def _foreign(letter: DeadLetter) -> Forecast | None:
    """A job's completion is no request; reconcile_releases finds what ended without it."""
    if letter.stage != "report_status":
        return None
    line = "a job's completion, not a request: reconcile_releases closes its release without it; discard it"
    return Forecast(word="not_a_request", line=line, release_id=letter.release_id or "-", is_good=False)
