"""Google's clients with short methods for what the tests do, and names of its own for every test."""

import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import grpc
from google import pubsub_v1
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from tests.contract.pubsub_servers import DEADLINE_SECONDS, PROJECT

QUIET_SECONDS = 1.0


class PubSub:
    """One test's topics and subscriptions on one server."""

    def __init__(self, channel: grpc.Channel, address: str) -> None:
        self.address = address
        self.publisher: Any = pubsub_v1.PublisherClient(transport=PublisherGrpcTransport(channel=channel))
        self.subscriber: Any = pubsub_v1.SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
        self._own = uuid.uuid4().hex[:8]
        self._subscriptions: list[str] = []

    def name(self, kind: str, label: str) -> str:
        return f"projects/{PROJECT}/{kind}/{label}-{self._own}"

    def topic(self, label: str = "messages") -> str:
        name = self.name("topics", label)
        self.publisher.create_topic(name=name)
        return name

    def subscription(self, topic: str, *, label: str = "reader", **more: Any) -> str:
        name = self.name("subscriptions", label)
        self.subscriber.create_subscription(request={"name": name, "topic": topic, **more})
        self._subscriptions.append(name)
        return name

    def push(self, topic: str, url: str, **more: Any) -> str:
        return self.subscription(topic, push_config={"push_endpoint": url}, **more)

    def publish(self, topic: str, data: bytes = b"", *, key: str = "", **attributes: str) -> str:
        message = {"data": data, "attributes": attributes, "ordering_key": key}
        [number] = self.publisher.publish(topic=topic, messages=[message]).message_ids
        return str(number)

    def publish_all(self, topic: str, datas: Sequence[bytes], *, key: str = "") -> Sequence[str]:
        messages = [{"data": data, "ordering_key": key} for data in datas]
        return list(self.publisher.publish(topic=topic, messages=messages).message_ids)

    def pull(self, subscription: str, *, count: int = 1, within: float = DEADLINE_SECONDS) -> list[Any]:
        """So many messages, in as many pulls as it takes."""
        found: list[Any] = []
        deadline = time.monotonic() + within
        while len(found) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} messages came"
            found += self.peek(subscription, most=count - len(found))
            time.sleep(0 if found else 0.02)
        return found

    def peek(self, subscription: str, *, most: int = 10) -> list[Any]:
        """What is there without waiting; the client proper warns of that flag, its transport does not."""
        request = pubsub_v1.PullRequest(subscription=subscription, max_messages=most, return_immediately=True)
        return list(self.subscriber.transport.pull(request, timeout=DEADLINE_SECONDS).received_messages)

    def stays_empty(self, subscription: str) -> bool:
        """Nothing comes for a while."""
        until = time.monotonic() + QUIET_SECONDS
        while time.monotonic() < until:
            if self.peek(subscription):
                return False
            time.sleep(0.1)
        return True

    def acknowledge(self, subscription: str, received: Sequence[Any]) -> None:
        self.subscriber.acknowledge(subscription=subscription, ack_ids=[each.ack_id for each in received])

    def nack(self, subscription: str, received: Sequence[Any]) -> None:
        self.extend(subscription, received, seconds=0)

    def extend(self, subscription: str, received: Sequence[Any], *, seconds: int) -> None:
        ack_ids = [each.ack_id for each in received]
        self.subscriber.modify_ack_deadline(subscription=subscription, ack_ids=ack_ids, ack_deadline_seconds=seconds)

    def clear(self) -> None:
        """A push subscription that outlived its test would go on posting."""
        for name in self._subscriptions:
            self.subscriber.delete_subscription(subscription=name)


@contextmanager
def pubsub_at(address: str) -> Iterator[PubSub]:
    with grpc.insecure_channel(address) as channel:
        yield PubSub(channel, address)


def payloads(received: Sequence[Any]) -> list[bytes]:
    return [each.message.data for each in received]
