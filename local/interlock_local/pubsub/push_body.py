"""The JSON body that Pub/Sub posts to a push endpoint: the wrapped message."""

import base64
import json
from datetime import UTC
from typing import Any

from interlock_local.pubsub.backlog import Lease
from interlock_local.pubsub.message import PublishedMessage


def push_body(lease: Lease, *, subscription: str, counts_attempts: bool) -> bytes:
    """Return both spellings of ids and times, as Google sends them; `deliveryAttempt` needs a dead-letter policy."""
    body: dict[str, Any] = {"message": _message(lease.message), "subscription": subscription}
    if counts_attempts:
        body["deliveryAttempt"] = lease.attempt
    return json.dumps(body).encode()


def _message(message: PublishedMessage) -> dict[str, Any]:
    time = _publish_time(message)
    document: dict[str, Any] = {
        "messageId": str(message.number),
        "message_id": str(message.number),
        "publishTime": time,
        "publish_time": time,
    }
    if message.data:
        document["data"] = base64.b64encode(message.data).decode()
    if message.attributes:
        document["attributes"] = dict(message.attributes)
    if message.ordering_key:
        document["orderingKey"] = message.ordering_key
    return document


def _publish_time(message: PublishedMessage) -> str:
    return message.publish_time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
