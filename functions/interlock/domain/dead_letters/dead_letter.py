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
from interlock.domain.requests.cloud_event import RELEASE_ID_PATTERN, Payload, message_release_id, open_message
from interlock.domain.requests.message import Message

_MOST_ATTRIBUTES = 100
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message nobody could handle, with its data and attributes whole, and why.

    `dead_letter_id` comes from the original message, so a letter forwarded twice has one id.
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
    """All dead letters of one fingerprint: how many, since when, and when somebody was last told."""

    fingerprint: str
    count: int
    opened_at: datetime
    last_seen_at: datetime
    last_notified_at: datetime


def dead_letter_attributes(
    message: Message, *, reason: str, stage: str, error: str, route: str | None = None
) -> dict[str, str]:
    """The attributes to forward a message with: all its own, and why it is forwarded.

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
    """The attributes as first published, for a replay."""
    return {key: value for key, value in attributes.items() if key not in OUR_MARKS and not key.startswith(PUBSUB_MARK)}


def read_dead_letter(message: Message, now: datetime) -> DeadLetter:
    """Read one message of the dead-letter topic; what it lacks or garbles is None, never an exception."""
    origin = read_origin(message)
    own = replace(message, attributes=original_attributes(message.attributes))
    release_id, target_env, service = _release_fields(own, origin)
    return DeadLetter(
        dead_letter_id=_dead_letter_id(own, origin),
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
    """Count a dead letter into its incident, and say whether to notify: at 1, 10, 100, and each 4 h."""
    if incident is None:
        key = dead_letter.fingerprint
        return Incident(fingerprint=key, count=1, opened_at=now, last_seen_at=now, last_notified_at=now), True
    count = incident.count + 1
    notify = count in {10, 100} or now - incident.last_notified_at >= timedelta(hours=4)
    told = now if notify else incident.last_notified_at
    return replace(incident, count=count, last_seen_at=max(now, incident.last_seen_at), last_notified_at=told), notify


def _release_fields(message: Message, origin: DeadLetterOrigin) -> tuple[str | None, str | None, str | None]:
    """Release id, environment and service, as far as a body that nobody could handle still tells them."""
    opened = open_message(message)
    payload = opened if isinstance(opened, Payload) else None
    body = (read_object(payload.data) if payload else None) or {}
    release_id = text_at(body, "release_id", "cancel", "resume")
    if release_id is None or not RELEASE_ID_PATTERN.match(release_id):
        release_id = _derived_release_id(message, payload, original_id=origin.original_id)
    target_env, service = (_label(text_at(body, key)) for key in ("target_env", "service"))
    return release_id, target_env, service


def _derived_release_id(message: Message, payload: Payload | None, *, original_id: str | None) -> str | None:
    """The id dispatch derived; a forwarded message has a new message id, so that one says nothing."""
    has_event_id = payload is not None and payload.source and payload.event_id
    if original_id is None and not has_event_id:
        return None
    return message_release_id(replace(message, message_id=original_id or ""), payload, release_id=None)


def _dead_letter_id(message: Message, origin: DeadLetterOrigin) -> str:
    """By all that stays the same when the message is forwarded again; its own id only if it never was."""
    parts = (
        origin.original_id or (message.message_id if origin.origin == "direct" else ""),
        origin.source_subscription or "",
        origin.publish_time.isoformat(),
        json.dumps(sorted(message.attributes.items())),
        hashlib.sha256(message.data).hexdigest(),
    )
    return "dl-" + hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _may_be_forwarded(key: str) -> bool:
    """Marks of an earlier forwarding give way; Pub/Sub refuses keys that begin with `goog`."""
    return key not in OUR_MARKS and not key.lower().startswith("goog")


def _label(text: str | None) -> str | None:
    """A name fit for a log label; whatever else a body holds there stays out."""
    return text if text and _LABEL.match(text) and redact_text(text) == text else None


def _bounded(text: str) -> str:
    """The text cut to what an attribute's value may hold, in bytes."""
    return text.encode("utf-8", "replace")[:LONGEST_VALUE].decode("utf-8", "ignore")
