"""One Pub/Sub message as it was delivered, whichever envelope carried it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Message:
    """What Pub/Sub delivered, byte for byte: past the edge nobody reads an envelope again."""

    message_id: str
    publish_time: datetime
    data: bytes
    attributes: Mapping[str, str]
    ordering_key: str | None = None
    subscription: str | None = None
    delivery_attempt: int | None = None
