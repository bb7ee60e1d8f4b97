"""Pulling and settling, seen through Google's clients; ours and Google's emulator pass the same suite."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google import pubsub_v1
from google.cloud.pubsub_v1 import SubscriberClient
from google.cloud.pubsub_v1.types import FlowControl

from tests.contract.cloud_run_server import eventually
from tests.contract.pubsub_client import PubSub, payloads


class TestPull:
    def test_a_published_message_arrives_whole(self, pubsub: PubSub) -> None:
        topic = pubsub.topic()
        subscription = pubsub.subscription(topic)
        published = pubsub.publish(topic, b"\x00\xff", key="k", target="staging")
        [received] = pubsub.pull(subscription)
        message = received.message
        assert (message.data, dict(message.attributes)) == (b"\x00\xff", {"target": "staging"})
        assert (message.message_id, message.ordering_key) == (published, "k")
        assert abs(message.publish_time - datetime.now(UTC)) < timedelta(seconds=30)

    def test_a_message_of_attributes_alone_arrives(self, pubsub: PubSub) -> None:
        topic = pubsub.topic()
        subscription = pubsub.subscription(topic)
        pubsub.publish(topic, target="staging")
        [received] = pubsub.pull(subscription)
        assert (received.message.data, dict(received.message.attributes)) == (b"", {"target": "staging"})

    def test_an_acknowledged_message_does_not_come_again(self, pubsub: PubSub) -> None:
        topic = pubsub.topic()
        subscription = pubsub.subscription(topic)
        pubsub.publish(topic, b"once")
        received = pubsub.pull(subscription)
        pubsub.extend(subscription, received, seconds=1)
        pubsub.acknowledge(subscription, received)
        assert pubsub.stays_empty(subscription)

    def test_a_leased_message_is_delivered_to_nobody_else(self, pubsub: PubSub) -> None:
        topic = pubsub.topic()
        subscription = pubsub.subscription(topic)
        pubsub.publish(topic, b"mine")
        pubsub.pull(subscription)
        assert pubsub.stays_empty(subscription)

    def test_a_nacked_message_comes_again_under_another_ack_id(self, pubsub: PubSub) -> None:
        topic = pubsub.topic()
        subscription = pubsub.subscription(topic)
        pubsub.publish(topic, b"again")
        [first] = pubsub.pull(subscription)
        pubsub.nack(subscription, [first])
        [second] = pubsub.pull(subscription)
        assert second.message == first.message
        assert second.ack_id != first.ack_id

    def test_a_message_whose_deadline_passed_comes_again_under_another_ack_id(self, pubsub: PubSub) -> None:
        topic = pubsub.topic()
        subscription = pubsub.subscription(topic)
        pubsub.publish(topic, b"late")
        [first] = pubsub.pull(subscription)
        pubsub.extend(subscription, [first], seconds=1)
        [second] = pubsub.pull(subscription)
        assert second.message.message_id == first.message.message_id
        assert second.ack_id != first.ack_id

    def test_a_retry_policy_delays_a_nacked_message(self, pubsub: PubSub) -> None:
        topic = pubsub.topic()
        policy = {"minimum_backoff": {"seconds": 2}, "maximum_backoff": {"seconds": 4}}
        subscription = pubsub.subscription(topic, retry_policy=policy)
        pubsub.publish(topic, b"wait")
        pubsub.nack(subscription, pubsub.pull(subscription))
        refused = time.monotonic()
        pubsub.pull(subscription)
        assert time.monotonic() - refused > 1

    def test_every_subscription_gets_its_own_copy(self, pubsub: PubSub) -> None:
        topic = pubsub.topic()
        readers = [pubsub.subscription(topic, label=word) for word in ("first", "second")]
        pubsub.publish(topic, b"copy")
        pubsub.acknowledge(readers[0], pubsub.pull(readers[0]))
        assert payloads(pubsub.pull(readers[1])) == [b"copy"]

    def test_a_pull_waits_for_a_message(self, pubsub: PubSub) -> None:
        topic = pubsub.topic()
        subscription = pubsub.subscription(topic)
        later = threading.Timer(0.5, pubsub.publish, (topic, b"awaited"))
        later.start()
        answer = pubsub.subscriber.pull(subscription=subscription, max_messages=1, timeout=20)
        later.join()
        assert payloads(answer.received_messages) == [b"awaited"]

    def test_500_messages_at_once_all_arrive(self, pubsub: PubSub) -> None:
        topic = pubsub.topic()
        subscription = pubsub.subscription(topic)
        sent = [f"{number}".encode() for number in range(500)]
        pubsub.publish_all(topic, sent)
        found = pubsub.pull(subscription, count=500)
        assert sorted(payloads(found)) == sorted(sent)


class TestStreamingPull:
    def test_messages_are_delivered_and_acknowledged_in_the_stream(
        self, pubsub: PubSub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        topic = pubsub.topic()
        subscription = pubsub.subscription(topic)
        seen: list[bytes] = []

        def read(message: Any) -> None:
            seen.append(message.data)
            message.ack()

        with streaming(pubsub, monkeypatch, subscription, read):
            pubsub.publish_all(topic, [b"1", b"2", b"3"])
            eventually(lambda: sorted(seen) == [b"1", b"2", b"3"])
        assert pubsub.stays_empty(subscription)

    def test_a_nack_in_the_stream_brings_it_again(self, pubsub: PubSub, monkeypatch: pytest.MonkeyPatch) -> None:
        topic = pubsub.topic()
        subscription = pubsub.subscription(topic)
        seen: list[str] = []

        def read(message: Any) -> None:
            seen.append(message.message_id)
            message.ack() if len(seen) > 1 else message.nack()

        with streaming(pubsub, monkeypatch, subscription, read):
            published = pubsub.publish(topic, b"twice")
            eventually(lambda: seen == [published, published])

    def test_a_stream_holds_no_more_than_it_asked_for(self, pubsub: PubSub) -> None:
        topic = pubsub.topic()
        subscription = pubsub.subscription(topic)
        pubsub.publish_all(topic, [b"1", b"2", b"3", b"4", b"5"])
        first = pubsub_v1.StreamingPullRequest(
            subscription=subscription, stream_ack_deadline_seconds=60, max_outstanding_messages=2
        )
        ended = threading.Event()

        def requests() -> Iterator[pubsub_v1.StreamingPullRequest]:
            yield first
            ended.wait()

        stream = pubsub.subscriber.streaming_pull(requests=requests())
        held: list[Any] = []
        while len(held) < 2:
            held += next(stream).received_messages
        free = pubsub.pull(subscription, count=3)
        stream.cancel()
        ended.set()
        assert len(held) == 2
        assert len({each.message.message_id for each in [*held, *free]}) == 5


def streaming(
    pubsub: PubSub, monkeypatch: pytest.MonkeyPatch, subscription: str, read: Callable[[Any], None]
) -> "Streaming":
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", pubsub.address)
    return Streaming(subscription, read)


class Streaming:
    """Google's own streaming subscriber for as long as the block lasts."""

    def __init__(self, subscription: str, read: Callable[[Any], None]) -> None:
        self._client = SubscriberClient()
        self._future = self._client.subscribe(subscription, read, flow_control=FlowControl(max_messages=10))

    def __enter__(self) -> None:
        return

    def __exit__(self, *_: object) -> None:
        self._future.cancel()
        self._future.result()
        self._client.close()
