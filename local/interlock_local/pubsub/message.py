"""A published message as the server keeps it, and the dead letter that it becomes when no delivery succeeds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

DEAD_LETTER_PREFIX = "CloudPubSubDeadLetterSource"


@dataclass(frozen=True, slots=True)
class PublishedMessage:
    """One published message; `number` is its id and its place in the order of publishing."""

    number: int
    publish_time: datetime
    data: bytes
    attributes: Mapping[str, str]
    ordering_key: str = ""

    @property
    def size(self) -> int:
        """Bytes, as flow control counts them."""
        return len(self.data) + sum(len(name) + len(value) for name, value in self.attributes.items())


def as_dead_letter(
    message: PublishedMessage, *, subscription: str, deliveries: int, number: int, now: datetime
) -> PublishedMessage:
    """Return a new message with the same data and attributes, and Google's four attributes that name its origin."""
    _, project, _, short_name = subscription.split("/")
    origin = {
        f"{DEAD_LETTER_PREFIX}DeliveryCount": str(deliveries),
        f"{DEAD_LETTER_PREFIX}Subscription": short_name,
        f"{DEAD_LETTER_PREFIX}SubscriptionProject": project,
        f"{DEAD_LETTER_PREFIX}TopicPublishTime": message.publish_time.astimezone(UTC).isoformat(),
    }
    return replace(message, number=number, publish_time=now, attributes={**message.attributes, **origin})
