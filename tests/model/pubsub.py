"""Pub/Sub in memory: keeps a message until it is acknowledged, and may deliver any one again, in any order."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from interlock.domain.requests.delivery import AuditLogDelivery
from interlock.domain.requests.message import Message
from interlock.ports import OutgoingMessage, PublishFailed
from tests.fakes import Clock
from tests.model.faults import Fuse

REQUESTS, STATUS, DEAD = (f"projects/acme/topics/release-{name}" for name in ("requests", "status", "dead-letters"))
COMPLETIONS = "the audit log"


@dataclass(eq=False)
class Held:
    """A message that nobody has acknowledged yet."""

    topic: str
    content: Message | AuditLogDelivery
    tries: int = 0


@dataclass
class ModelPubSub:
    """Implements Publisher; `told` are the status events, the rest waits for its function."""

    clock: Clock
    fuse: Fuse
    held: list[Held] = field(default_factory=list)
    acknowledged: list[Held] = field(default_factory=list)
    told: list[OutgoingMessage] = field(default_factory=list)
    forwarded: set[str] = field(default_factory=set)
    _count: int = 0

    def publish(self, topic: str, messages: Sequence[OutgoingMessage]) -> None:
        self.fuse.reach(PublishFailed)
        for message in messages:
            if topic == STATUS:
                self.told.append(message)
            else:
                self.post(topic, message.data, dict(message.attributes))
        self.fuse.reach(PublishFailed)

    def post(self, topic: str, data: bytes, attributes: dict[str, str] | None = None) -> Message:
        self._count += 1
        message = Message(str(self._count), self.clock(), data, attributes or {})
        self.held.append(Held(topic, message))
        return message

    def acknowledge(self, held: Held) -> None:
        if held in self.held:
            self.held.remove(held)
            self.acknowledged.append(held)

    def give_up(self, held: Held) -> None:
        """Forward the message to the dead-letter topic, as after too many tries."""
        message = held.content
        assert isinstance(message, Message)
        self.held.remove(held)
        self.forwarded.add(message.message_id)
        marks = {
            "CloudPubSubDeadLetterSourceDeliveryCount": str(held.tries),
            "CloudPubSubDeadLetterSourceSubscription": "dispatch-release",
            "CloudPubSubDeadLetterSourceSubscriptionProject": "acme",
            "CloudPubSubDeadLetterSourceTopicPublishTime": message.publish_time.isoformat(),
        }
        self.post(DEAD, message.data, {**message.attributes, **marks})
