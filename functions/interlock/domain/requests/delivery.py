"""What the platform delivers to a function: a Pub/Sub message, an audit log entry, or nothing that we can read.

| sent by                   | recognised by                           | body                    |
|---------------------------|-----------------------------------------|-------------------------|
| Pub/Sub push subscription | no header of CloudEvents                | {message, subscription} |
| Eventarc, binary mode     | header `ce-type`                        | the event's data        |
| Eventarc, structured mode | content type `application/cloudevents…` | {type, id, time, data}  |
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from interlock.domain.json_access import map_at, read_object, read_timestamp, text_at, whole_number
from interlock.domain.requests.message import Message

MESSAGE_PUBLISHED = "google.cloud.pubsub.topic.v1.messagePublished"
AUDIT_LOG_WRITTEN = "google.cloud.audit.log.v1.written"


@dataclass(frozen=True, slots=True)
class PubSubDelivery:
    """A Pub/Sub message, pushed directly or by way of Eventarc."""

    message: Message


@dataclass(frozen=True, slots=True)
class AuditLogDelivery:
    """A Cloud Audit Logs entry that Eventarc brought; `event_id` stays the same when it brings it again."""

    event_id: str | None
    entry: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A request that is no delivery we know; no retry of it can become one."""

    reason: str


Delivery: TypeAlias = PubSubDelivery | AuditLogDelivery | Unreadable


@dataclass(frozen=True, slots=True)
class Envelope:
    """The CloudEvent around a delivery; a raw push counts as `messagePublished` without an id."""

    type: str
    event_id: str | None
    time: str | None
    data: Mapping[str, object]


def read_delivery(envelope: Envelope) -> Delivery:
    """Return what the envelope holds."""
    if envelope.type == MESSAGE_PUBLISHED:
        return _pubsub_delivery(envelope)
    if envelope.type == AUDIT_LOG_WRITTEN:
        is_empty = not envelope.data
        return Unreadable("the event has no data") if is_empty else AuditLogDelivery(envelope.event_id, envelope.data)
    return Unreadable(f"events of type {envelope.type[:120]!r} are not ours")


def log_entry(delivery: PubSubDelivery | AuditLogDelivery) -> Mapping[str, object] | Unreadable:
    """Return the log entry in a delivery: Eventarc's is the event itself, a log sink's is the message's data."""
    if isinstance(delivery, AuditLogDelivery):
        return delivery.entry
    entry = read_object(delivery.message.data)
    return Unreadable("the message's data is not a log entry") if entry is None else entry


def _pubsub_delivery(envelope: Envelope) -> PubSubDelivery | Unreadable:
    """Refuse what a ledger could not order or name: without id or publish time it is not a message."""
    message = map_at(envelope.data, "message")
    message_id = text_at(message, "messageId", "message_id")
    published = text_at(message, "publishTime", "publish_time") or envelope.time
    publish_time = read_timestamp(published)
    ordering_key = text_at(message, "orderingKey", "ordering_key")
    subscription, attempt = text_at(envelope.data, "subscription"), whole_number(envelope.data.get("deliveryAttempt"))
    data, attributes = _data(message), _attributes(message)
    if message_id is None:
        return Unreadable("there is no message with an id")
    if publish_time is None:
        return Unreadable("the message has no publish time")
    if data is None:
        return Unreadable("the message's data is not base64")
    if attributes is None:
        return Unreadable("the message's attributes are not a map of texts")
    return PubSubDelivery(
        Message(
            message_id=message_id,
            publish_time=publish_time,
            data=data,
            attributes=attributes,
            ordering_key=ordering_key,
            subscription=subscription,
            delivery_attempt=attempt,
        )
    )


def _data(message: Mapping[str, object]) -> bytes | None:
    """Return the decoded data; a message of attributes only has none, which is an empty one."""
    data = message.get("data")
    if data is None:
        return b""
    try:
        return base64.b64decode(data, validate=True) if isinstance(data, str) else None
    except (binascii.Error, ValueError):
        return None


def _attributes(message: Mapping[str, object]) -> Mapping[str, str] | None:
    attributes = message.get("attributes")
    if attributes is None:
        return {}
    if not isinstance(attributes, Mapping):
        return None
    texts = {key: value for key, value in attributes.items() if isinstance(value, str)}
    return texts if len(texts) == len(attributes) else None
