"""Reads from a dead letter's attributes which way it came, and why.

| came from | recognised by                    | reason                                  |
|-----------|----------------------------------|-----------------------------------------|
| interlock | `interlock-reason` …             | what no retry can mend                  |
| pubsub    | `CloudPubSubDeadLetterSource*`   | `delivery_exhausted`: attempts ran out  |
| direct    | neither: someone published it    | `unknown`                               |
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from interlock.domain.json_access import read_timestamp, whole_number
from interlock.domain.redaction import printable, redact_text
from interlock.domain.requests.message import Message

Origin: TypeAlias = Literal["pubsub", "interlock", "direct"]

PUBSUB_MARK = "CloudPubSubDeadLetterSource"
OUR_MARKS = frozenset(
    f"interlock-{name}"
    for name in ("reason", "stage", "error", "route", "message-id", "publish-time", "delivery-count")
)
LONGEST_VALUE = 1024

_WORD = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~+%:-]{0,254}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterOrigin:
    """Which way the message came; `original_id` is its first id, since a forwarded message has a new one."""

    origin: Origin
    reason: str
    stage: str
    publish_time: datetime
    original_id: str | None = None
    error: str | None = None
    route: str | None = None
    delivery_count: int | None = None
    source_subscription: str | None = None


def read_origin(message: Message) -> DeadLetterOrigin:
    """Return what the marks say; ours win, as Pub/Sub knows only that it gave up, not why."""
    if "interlock-reason" in message.attributes:
        return _from_interlock(message, message.attributes)
    if f"{PUBSUB_MARK}Subscription" in message.attributes or f"{PUBSUB_MARK}DeliveryCount" in message.attributes:
        return _from_pubsub(message, message.attributes)
    return DeadLetterOrigin(origin="direct", reason="unknown", stage="unknown", publish_time=message.publish_time)


def _from_interlock(message: Message, attributes: Mapping[str, str]) -> DeadLetterOrigin:
    error = attributes.get("interlock-error")
    return DeadLetterOrigin(
        origin="interlock",
        reason=_word(attributes["interlock-reason"]),
        stage=_word(attributes.get("interlock-stage")),
        publish_time=read_timestamp(attributes.get("interlock-publish-time")) or message.publish_time,
        original_id=_name(attributes.get("interlock-message-id")),
        error=printable(redact_text(error))[:LONGEST_VALUE] if error else None,
        route=_name(attributes.get("interlock-route")),
        delivery_count=whole_number(attributes.get("interlock-delivery-count")),
    )


def _from_pubsub(message: Message, attributes: Mapping[str, str]) -> DeadLetterOrigin:
    subscription = _name(attributes.get(f"{PUBSUB_MARK}Subscription"))
    project = _name(attributes.get(f"{PUBSUB_MARK}SubscriptionProject"))
    full_name = f"projects/{project}/subscriptions/{subscription}"
    return DeadLetterOrigin(
        origin="pubsub",
        reason="delivery_exhausted",
        stage=_word(subscription),
        publish_time=read_timestamp(attributes.get(f"{PUBSUB_MARK}TopicPublishTime")) or message.publish_time,
        delivery_count=whole_number(attributes.get(f"{PUBSUB_MARK}DeliveryCount")),
        source_subscription=full_name if subscription and project else subscription,
    )


def _word(text: str | None) -> str:
    """Return a word of ours, or a subscription's name as one; all else is `unknown`."""
    word = (text or "").replace("-", "_").lower()
    return word if _WORD.match(word) else "unknown"


def _name(text: str | None) -> str | None:
    return text if text and _NAME.match(text) else None
