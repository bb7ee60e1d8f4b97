"""The body that Pub/Sub posts to a push endpoint."""

import base64
import json
from datetime import UTC
from typing import Any

from interlock_local.pubsub.backlog import Lease
from interlock_local.pubsub.letter import Letter

ACKNOWLEDGING = frozenset({102, 200, 201, 202, 204})
"""Statuses that settle a message; any other answer brings it back."""


def envelope(lease: Lease, *, subscription: str, counts_attempts: bool) -> bytes:
    """Both spellings of the ids and times, as Google sends them; `deliveryAttempt` only with a dead-letter policy."""
    body: dict[str, Any] = {"message": _message(lease.letter), "subscription": subscription}
    if counts_attempts:
        body["deliveryAttempt"] = lease.attempt
    return json.dumps(body).encode()


def _message(letter: Letter) -> dict[str, Any]:
    time = timestamp(letter)
    message: dict[str, Any] = {
        "messageId": str(letter.number),
        "message_id": str(letter.number),
        "publishTime": time,
        "publish_time": time,
    }
    if letter.data:
        message["data"] = base64.b64encode(letter.data).decode()
    if letter.attributes:
        message["attributes"] = dict(letter.attributes)
    if letter.key:
        message["orderingKey"] = letter.key
    return message


def timestamp(letter: Letter) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return letter.publish_time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
