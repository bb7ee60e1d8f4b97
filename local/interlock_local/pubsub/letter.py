"""A message as the server keeps it, and what becomes of it when no delivery succeeds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

SOURCE = "CloudPubSubDeadLetterSource"


@dataclass(frozen=True, slots=True)
class Letter:
    """One published message; `number` is its id and its place in the order of publishing."""

    number: int
    publish_time: datetime
    data: bytes
    attributes: Mapping[str, str]
    key: str = ""

    @property
    def size(self) -> int:
        """Bytes, as flow control counts them."""
        return len(self.data) + sum(len(name) + len(value) for name, value in self.attributes.items())


def dead_letter(letter: Letter, *, subscription: str, deliveries: int, number: int, now: datetime) -> Letter:
    """The same data and attributes as a new message, with Google's four attributes that say where it came from."""
    _, project, _, short_name = subscription.split("/")
    origin = {
        f"{SOURCE}DeliveryCount": str(deliveries),
        f"{SOURCE}Subscription": short_name,
        f"{SOURCE}SubscriptionProject": project,
        f"{SOURCE}TopicPublishTime": letter.publish_time.astimezone(UTC).isoformat(),
    }
    return replace(letter, number=number, publish_time=now, attributes={**letter.attributes, **origin})
