"""Reads a dead letter, counts repeats as one incident, and marks a message that we make one."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from interlock.domain.dead_letters.grouping import fingerprint
from interlock.domain.dead_letters.origin import (
    LONGEST_VALUE,
    OUR_MARKS,
    PUBSUB_MARK,
    DeadLetterOrigin,
    Origin,
    read_origin,
)
from interlock.domain.json_access import read_object, text_at
from interlock.domain.redaction import redact_text
from interlock.domain.requests.message import Message
from interlock.domain.requests.payload import RELEASE_ID_PATTERN, MalformedEvent, Payload, derived_release_id

_MOST_ATTRIBUTES = 100
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message nobody could handle, with its data and attributes whole, and why.

    `dead_letter_id` comes from the original message, so one that is forwarded twice has one id.
    """

    dead_letter_id: str
    origin: Origin
    message_id: str
    publish_time: datetime
    received_at: datetime
    data: bytes
    attributes: Mapping[str, str]
    reason: str
    stage: str
    error: str | None
    route: str | None
    delivery_count: int | None
    source_subscription: str | None
    release_id: str | None
    target_env: str | None
    service: str | None
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """All dead letters of one fingerprint: how many, since when, and when on-call was last notified."""

    fingerprint: str
    count: int
    opened_at: datetime
    last_seen_at: datetime
    last_notified_at: datetime


def dead_letter_attributes(
    message: Message, *, reason: str, stage: str, error: str, route: str | None = None
) -> dict[str, str]:
    """Return the attributes to forward a message with: all its own, and why it is forwarded.

    Bounded as Pub/Sub demands; where that leaves no room for every attribute, ours come first.
    """
    marks = {
        "reason": reason,
        "stage": stage,
        "error": redact_text(error),
        "route": route,
        "message-id": message.message_id,
        "publish-time": message.publish_time.isoformat(),
        "delivery-count": str(message.delivery_attempt or ""),
    }
    ours = {f"interlock-{name}": _bounded(value) for name, value in marks.items() if value}
    own = {key: value for key, value in message.attributes.items() if _may_be_forwarded(key)}
    return dict(sorted(own.items())[: _MOST_ATTRIBUTES - len(ours)]) | ours


def original_attributes(attributes: Mapping[str, str]) -> dict[str, str]:
    """Return the attributes as first published, for a replay."""
    return {key: value for key, value in attributes.items() if key not in OUR_MARKS and not key.startswith(PUBSUB_MARK)}


def read_dead_letter(message: Message, payload: Payload | MalformedEvent, *, now: datetime) -> DeadLetter:
    """Return one message of the dead-letter topic, opened to its payload; what it lacks or garbles is None."""
    origin = read_origin(message)
    release_id, target_env, service = _release_fields(payload, origin)
    return DeadLetter(
        dead_letter_id=_dead_letter_id(message, origin),
        origin=origin.origin,
        message_id=origin.original_id or message.message_id,
        publish_time=origin.publish_time,
        received_at=now,
        data=message.data,
        attributes=message.attributes,
        reason=origin.reason,
        stage=origin.stage,
        error=origin.error,
        route=origin.route,
        delivery_count=origin.delivery_count,
        source_subscription=origin.source_subscription,
        release_id=release_id,
        target_env=target_env,
        service=service,
        fingerprint=fingerprint(origin.reason, origin.route or origin.stage, error=origin.error, release_id=release_id),
    )


def note_repeat(incident: Incident | None, dead_letter: DeadLetter, now: datetime) -> tuple[Incident, bool]:
    """Return the incident with this dead letter counted, and whether to notify: at 1, 10, 100, and each 4 h."""
    if incident is None:
        key = dead_letter.fingerprint
        return Incident(fingerprint=key, count=1, opened_at=now, last_seen_at=now, last_notified_at=now), True
    count = incident.count + 1
    notify = count in {10, 100} or now - incident.last_notified_at >= timedelta(hours=4)
    notified = now if notify else incident.last_notified_at
    last_seen = max(now, incident.last_seen_at)
    return replace(incident, count=count, last_seen_at=last_seen, last_notified_at=notified), notify


def _release_fields(
    payload: Payload | MalformedEvent, origin: DeadLetterOrigin
) -> tuple[str | None, str | None, str | None]:
    """Return release id, environment and service, as far as a body that nobody could handle still has them."""
    body = (read_object(payload.data) if isinstance(payload, Payload) else None) or {}
    release_id = text_at(body, "release_id", "cancel", "resume")
    if release_id is None or not RELEASE_ID_PATTERN.match(release_id):
        release_id = _derived_release_id(payload, original_id=origin.original_id)
    target_env, service = (_label(text_at(body, key)) for key in ("target_env", "service"))
    return release_id, target_env, service


def _derived_release_id(payload: Payload | MalformedEvent, *, original_id: str | None) -> str | None:
    """Return the id that dispatch derived; a forwarded message has a new message id, so that one says nothing."""
    has_event_id = isinstance(payload, Payload) and payload.source and payload.event_id
    return derived_release_id(original_id or "", payload) if original_id or has_event_id else None


def _dead_letter_id(message: Message, origin: DeadLetterOrigin) -> str:
    """Return a digest of all that stays the same when it is forwarded again; its own id only if it never was."""
    parts = (
        origin.original_id or (message.message_id if origin.origin == "direct" else ""),
        origin.source_subscription or "",
        origin.publish_time.isoformat(),
        json.dumps(sorted(original_attributes(message.attributes).items())),
        hashlib.sha256(message.data).hexdigest(),
    )
    return "dl-" + hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _may_be_forwarded(key: str) -> bool:
    """Whether the key may be sent on: an earlier forwarding's marks give way, and Pub/Sub refuses `goog…`."""
    return key not in OUR_MARKS and not key.lower().startswith("goog")


def _label(text: str | None) -> str | None:
    """Return a name fit for a log label; whatever else a body holds there stays out."""
    return text if text and _LABEL.match(text) and redact_text(text) == text else None


def _bounded(text: str) -> str:
    """Return the text, cut to what an attribute's value may hold, in bytes."""
    return text.encode("utf-8", "replace")[:LONGEST_VALUE].decode("utf-8", "ignore")
