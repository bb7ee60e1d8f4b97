"""Pushes and dead letters, seen from an endpoint; ours and Google's emulator pass the same suite."""

import base64
import time
from datetime import datetime
from typing import Any

import pytest

from tests.contract.cloud_run_server import a_free_port, eventually
from tests.contract.pubsub_client import PubSub
from tests.contract.pubsub_endpoint import endpoint, slowly
from tests.contract.pubsub_servers import PROJECT

QUICK = {"minimum_backoff": {"nanos": 100_000_000}, "maximum_backoff": {"seconds": 2}}


class TestPush:
    def test_a_push_carries_the_wrapped_message(self, pubsub: PubSub) -> None:
        with endpoint() as there:
            topic = pubsub.topic()
            subscription = pubsub.push(topic, there.url)
            published = pubsub.publish(topic, b"hello", target="staging")
            eventually(lambda: there.posts)
            message = there.posts[0].message
            assert there.posts[0].body["subscription"] == subscription
            assert base64.b64decode(message["data"]) == b"hello"
            assert message["attributes"] == {"target": "staging"}
            assert message["messageId"] == message["message_id"] == published
            assert message["publishTime"] == message["publish_time"]
            assert message["publishTime"].endswith("Z")

    @pytest.mark.parametrize("status", [200, 201, 202, 204])
    def test_a_success_status_acknowledges_it(self, pubsub: PubSub, status: int) -> None:
        with endpoint(lambda _body: status) as there:
            topic = pubsub.topic()
            pubsub.push(topic, there.url, retry_policy=QUICK)
            pubsub.publish(topic, b"once")
            eventually(lambda: there.posts)
            time.sleep(1)  # at least once may be twice, and then no more
            posts_so_far = len(there.posts)
            time.sleep(1)
            assert len(there.posts) == posts_so_far

    @pytest.mark.parametrize("status", [203, 302, 400, 404, 429, 500, 503])
    def test_any_other_answer_brings_it_again(self, pubsub: PubSub, status: int) -> None:
        with endpoint(lambda _body: status if len(there.posts) == 1 else 204) as there:
            topic = pubsub.topic()
            pubsub.push(topic, there.url, retry_policy=QUICK)
            pubsub.publish(topic, b"twice")
            eventually(lambda: len(there.posts) == 2)

    def test_a_refused_connection_brings_it_again(self, pubsub: PubSub) -> None:
        port = a_free_port()
        topic = pubsub.topic()
        pubsub.push(topic, f"http://127.0.0.1:{port}/push", retry_policy=QUICK)
        pubsub.publish(topic, b"patient")
        time.sleep(0.5)
        with endpoint(port=port) as there:
            eventually(lambda: there.posts)

    def test_the_gaps_between_attempts_grow(self, pubsub: PubSub) -> None:
        with endpoint(lambda _body: 500) as there:
            topic = pubsub.topic()
            policy = {"minimum_backoff": {"nanos": 300_000_000}, "maximum_backoff": {"seconds": 60}}
            pubsub.push(topic, there.url, retry_policy=policy)
            pubsub.publish(topic, b"again")
            eventually(lambda: len(there.posts) >= 4)
            assert there.gaps[0] < there.gaps[1] < there.gaps[2]

    def test_several_are_in_flight_at_once(self, pubsub: PubSub) -> None:
        with endpoint(slowly) as there:
            topic = pubsub.topic()
            pubsub.push(topic, there.url)
            pubsub.publish_all(topic, [b"x"] * 8)
            eventually(lambda: len(there.posts) == 8)
            assert there.most_at_once > 1

    def test_a_push_counts_its_attempts_with_a_dead_letter_policy(self, pubsub: PubSub) -> None:
        with endpoint(lambda _body: 500 if len(there.posts) == 1 else 204) as there:
            topic, dead_letters = pubsub.topic(), pubsub.topic("dead-letters")
            policy = {"dead_letter_topic": dead_letters, "max_delivery_attempts": 5}
            pubsub.push(topic, there.url, retry_policy=QUICK, dead_letter_policy=policy)
            pubsub.publish(topic, b"counted")
            eventually(lambda: len(there.posts) == 2)
            assert [post.body["deliveryAttempt"] for post in there.posts] == [1, 2]

    def test_a_push_without_a_dead_letter_policy_counts_nothing(self, pubsub: PubSub) -> None:
        with endpoint() as there:
            topic = pubsub.topic()
            pubsub.push(topic, there.url)
            pubsub.publish(topic, b"uncounted")
            eventually(lambda: there.posts)
            assert "deliveryAttempt" not in there.posts[0].body

    def test_a_push_without_data_has_no_data_key(self, pubsub: PubSub) -> None:
        with endpoint() as there:
            topic = pubsub.topic()
            pubsub.push(topic, there.url)
            pubsub.publish(topic, target="staging")
            eventually(lambda: there.posts)
            assert "data" not in there.posts[0].message

    def test_a_new_endpoint_gets_what_waits(self, pubsub: PubSub) -> None:
        topic = pubsub.topic()
        subscription = pubsub.subscription(topic)
        pubsub.publish(topic, b"waiting")
        with endpoint() as there:
            pubsub.subscriber.modify_push_config(subscription=subscription, push_config={"push_endpoint": there.url})
            eventually(lambda: there.posts)


class TestDeadLetters:
    def test_a_push_that_fails_five_times_becomes_a_dead_letter_with_its_origin(self, pubsub: PubSub) -> None:
        with endpoint(lambda _body: 500) as there:
            topic, dead_letters = pubsub.topic(), pubsub.topic("dead-letters")
            dead_letter_reader = pubsub.subscription(dead_letters, label="dead-letter-reader")
            policy = {"dead_letter_topic": dead_letters, "max_delivery_attempts": 5}
            subscription = pubsub.push(topic, there.url, retry_policy=QUICK, dead_letter_policy=policy)
            pubsub.publish(topic, b"hopeless", target="staging")
            [dead_letter] = pubsub.pull(dead_letter_reader, within=60)
            assert_origin(dead_letter.message, subscription)
            assert (dead_letter.message.data, dead_letter.message.attributes["target"]) == (b"hopeless", "staging")
            assert len(there.posts) == 5

    def test_a_pulled_message_that_is_nacked_five_times_becomes_a_dead_letter(self, pubsub: PubSub) -> None:
        topic, dead_letters = pubsub.topic(), pubsub.topic("dead-letters")
        dead_letter_reader = pubsub.subscription(dead_letters, label="dead-letter-reader")
        policy = {"dead_letter_topic": dead_letters, "max_delivery_attempts": 5}
        subscription = pubsub.subscription(topic, dead_letter_policy=policy)
        pubsub.publish(topic, b"hopeless")
        attempts = []
        for _ in range(5):
            [received] = pubsub.pull(subscription)
            attempts.append(received.delivery_attempt)
            pubsub.nack(subscription, [received])
        [dead_letter] = eventually(lambda: [] if pubsub.peek(subscription) else pubsub.peek(dead_letter_reader))
        assert attempts == [1, 2, 3, 4, 5]
        assert_origin(dead_letter.message, subscription)
        assert pubsub.stays_empty(subscription)


def assert_origin(message: Any, subscription: str) -> None:
    prefix = "CloudPubSubDeadLetterSource"
    assert message.attributes[f"{prefix}DeliveryCount"] == "5"
    assert message.attributes[f"{prefix}Subscription"] == subscription.rpartition("/")[2]
    assert message.attributes[f"{prefix}SubscriptionProject"] == PROJECT
    assert datetime.fromisoformat(message.attributes[f"{prefix}TopicPublishTime"]).tzinfo
