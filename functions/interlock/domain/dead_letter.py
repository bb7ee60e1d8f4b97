"""Reads a dead letter, whichever way it came, counts repeats as one incident, and marks what we forward.

| came from | told by                          | reason                                  |
|-----------|----------------------------------|-----------------------------------------|
| interlock | `interlock-reason` …             | what no retry can mend                  |
| pubsub    | `CloudPubSubDeadLetterSource*`   | `delivery_exhausted`: attempts ran out  |
| direct    | neither: someone published it    | `unknown`                               |
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from interlock.domain.cloud_event import RELEASE_ID_PATTERN, Payload, message_release_id, open_message
from interlock.domain.foreign_json import read_object, read_timestamp, text_at, whole_number
from interlock.domain.message import Message
from interlock.domain.redaction import printable, redact_text

Origin: TypeAlias = Literal["pubsub", "interlock", "direct"]

_PUBSUB = "CloudPubSubDeadLetterSource"
_OURS = "interlock-"
_NAMES = ("reason", "stage", "error", "route", "message-id", "publish-time", "delivery-count")
_MARKS = frozenset(_OURS + name for name in _NAMES)
_MOST_ATTRIBUTES = 100
_LONGEST_VALUE = 1024
_WORD = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~+%:-]{0,254}\Z")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}\Z")

_VARIABLE_PARTS = (
    (re.compile(r"\"[^\"]*+\"|'[^']*+'|`[^`]*+`"), "<text>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?"), "<time>"),
    (re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"), "<id>"),
    (re.compile(r"\b0x[0-9a-fA-F]++|\b(?=[a-fA-F]{0,40}[0-9])[0-9a-fA-F]{7,}+\b"), "<hex>"),
    (re.compile(r"\d++"), "<n>"),
    (re.compile(r"\s++"), " "),
)
"""What differs between two reports of one fault; the order matters, digits come last."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Origin:
    """What the attributes say about the way here."""

    origin: Origin
    reason: str
    stage: str
    original_id: str | None
    publish_time: datetime
    delivery_count: int | None = None
    source_subscription: str | None = None


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
    ours = {_OURS + name: _bounded(value) for name, value in marks.items() if value}
    own = {key: value for key, value in message.attributes.items() if key not in _MARKS and key[:4].lower() != "goog"}
    return dict(sorted(own.items())[: _MOST_ATTRIBUTES - len(ours)]) | ours


def original_attributes(attributes: Mapping[str, str]) -> dict[str, str]:
    """The attributes as first published, for a replay."""
    return {key: value for key, value in attributes.items() if key not in _MARKS and not key.startswith(_PUBSUB)}


def read_dead_letter(message: Message, now: datetime) -> DeadLetter:
    """Read one message of the dead-letter topic; what it lacks or garbles is None, never an exception."""
    attributes = message.attributes
    origin = _origin(message)
    own = replace(message, attributes=original_attributes(attributes))
    release_id, target_env, service = _release_fields(own, original_id=origin.original_id)
    error, route = attributes.get("interlock-error") or None, _name(attributes.get("interlock-route"))
    error = None if error is None else printable(redact_text(error))[:_LONGEST_VALUE]
    return DeadLetter(
        dead_letter_id=_dead_letter_id(own, origin),
        origin=origin.origin,
        message_id=origin.original_id or message.message_id,
        publish_time=origin.publish_time,
        received_at=now,
        data=message.data,
        attributes=attributes,
        reason=origin.reason,
        stage=origin.stage,
        error=error,
        route=route,
        delivery_count=origin.delivery_count,
        source_subscription=origin.source_subscription,
        release_id=release_id,
        target_env=target_env,
        service=service,
        fingerprint=_fingerprint(origin.reason, route or origin.stage, _without(release_id, error)),
    )


def note_repeat(incident: Incident | None, dead_letter: DeadLetter, now: datetime) -> tuple[Incident, bool]:
    """Count a dead letter into its incident, and say whether to notify: at 1, 10, 100, and each 4 h."""
    if incident is None:
        opened = Incident(
            fingerprint=dead_letter.fingerprint,
            count=1,
            opened_at=now,
            last_seen_at=now,
            last_notified_at=now,
        )
        return opened, True
    count = incident.count + 1
    notify = count in {10, 100} or now - incident.last_notified_at >= timedelta(hours=4)
    told = now if notify else incident.last_notified_at
    return replace(incident, count=count, last_seen_at=max(now, incident.last_seen_at), last_notified_at=told), notify


def normalised_error(error: str) -> str:
    """The error without what differs each time: times, ids, hex, numbers and quoted texts."""
    text = error[:2000]
    for pattern, placeholder in _VARIABLE_PARTS:
        text = pattern.sub(placeholder, text)
    return text.strip()


def _origin(message: Message) -> _Origin:
    """Our own marks win: they know the reason, while Pub/Sub only knows that it gave up."""
    attributes = message.attributes
    if "interlock-reason" in attributes:
        return _Origin(
            origin="interlock",
            reason=_word(attributes["interlock-reason"]),
            stage=_word(attributes.get("interlock-stage")),
            original_id=_name(attributes.get("interlock-message-id")),
            publish_time=read_timestamp(attributes.get("interlock-publish-time")) or message.publish_time,
            delivery_count=whole_number(attributes.get("interlock-delivery-count")),
        )
    subscription = _name(attributes.get(f"{_PUBSUB}Subscription"))
    count = whole_number(attributes.get(f"{_PUBSUB}DeliveryCount"))
    if subscription is None and count is None:
        return _Origin(
            origin="direct",
            reason="unknown",
            stage="unknown",
            original_id=None,
            publish_time=message.publish_time,
        )
    project = _name(attributes.get(f"{_PUBSUB}SubscriptionProject"))
    full_name = f"projects/{project}/subscriptions/{subscription}"
    return _Origin(
        origin="pubsub",
        reason="delivery_exhausted",
        stage=_word(subscription),
        original_id=None,
        publish_time=read_timestamp(attributes.get(f"{_PUBSUB}TopicPublishTime")) or message.publish_time,
        delivery_count=count,
        source_subscription=full_name if subscription and project else subscription,
    )


def _release_fields(message: Message, *, original_id: str | None) -> tuple[str | None, str | None, str | None]:
    """Release id, environment and service, as far as a body that nobody could handle still tells them."""
    opened = open_message(message)
    payload = opened if isinstance(opened, Payload) else None
    body = (read_object(payload.data) if payload else None) or {}
    release_id = text_at(body, "release_id", "cancel", "resume")
    if release_id is None or not RELEASE_ID_PATTERN.match(release_id):
        release_id = _derived_release_id(message, payload, original_id=original_id)
    target_env, service = (_label(text_at(body, key)) for key in ("target_env", "service"))
    return release_id, target_env, service


def _derived_release_id(message: Message, payload: Payload | None, *, original_id: str | None) -> str | None:
    """The id dispatch derived; a forwarded message has a new message id, so that one says nothing."""
    has_event_id = payload is not None and payload.source and payload.event_id
    if original_id is None and not has_event_id:
        return None
    return message_release_id(replace(message, message_id=original_id or ""), payload, release_id=None)


def _dead_letter_id(message: Message, origin: _Origin) -> str:
    """By the original message's id where it is known; else by all that stays when it is forwarded again."""
    if origin.original_id is not None:
        return "dl-" + _sha256("id", origin.original_id)[:24]
    moment = origin.publish_time.isoformat(timespec="milliseconds")
    if origin.origin == "direct":
        return "dl-" + _sha256("id", message.message_id)[:24]
    attributes = json.dumps(sorted(message.attributes.items()))
    source = origin.source_subscription or origin.stage
    return "dl-" + _sha256("copy", source, moment, attributes, hashlib.sha256(message.data).hexdigest())[:24]


def _fingerprint(reason: str, place: str, error: str) -> str:
    return _sha256(reason, place, normalised_error(error))[:16]


def _without(release_id: str | None, error: str | None) -> str:
    """The error with the release's own id, as a whole word, replaced: it tells releases apart, not faults."""
    if not release_id or not error:
        return error or ""
    return re.sub(rf"(?<![\w.:-]){re.escape(release_id)}(?![\w:-])", "<id>", error)


def _word(text: str | None) -> str:
    """A word of ours, or a subscription's name as one; all else is `unknown`."""
    word = (text or "").replace("-", "_").lower()
    return word if _WORD.match(word) else "unknown"


def _name(text: str | None) -> str | None:
    return text if text and _NAME.match(text) else None


def _label(text: str | None) -> str | None:
    """A name fit for a log label; whatever else a body holds there stays out."""
    return text if text and _LABEL.match(text) and redact_text(text) == text else None


def _bounded(text: str) -> str:
    """The text cut to what an attribute's value may hold, in bytes."""
    return text.encode("utf-8", "replace")[:_LONGEST_VALUE].decode("utf-8", "ignore")


def _sha256(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
