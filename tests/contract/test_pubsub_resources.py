"""Topics, subscriptions and refusals; ours and Google's emulator pass the same suite."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from google.api_core import exceptions

from tests.contract.pubsub_client import PubSub, payloads
from tests.contract.pubsub_servers import PROJECT

Call = Callable[[PubSub], object]


def no_topic(pubsub: PubSub) -> str:
    return pubsub.name("topics", "none")


def no_reader(pubsub: PubSub) -> str:
    return pubsub.name("subscriptions", "none")


def a_reader(pubsub: PubSub, **more: Any) -> str:
    return pubsub.subscription(pubsub.topic(), **more)


CROSSED = {"minimum_backoff": {"seconds": 9}, "maximum_backoff": {"seconds": 1}}
NOT_THERE: dict[str, Call] = {
    "get-topic": lambda it: it.publisher.get_topic(topic=no_topic(it)),
    "delete-topic": lambda it: it.publisher.delete_topic(topic=no_topic(it)),
    "publish": lambda it: it.publish(no_topic(it), b"x"),
    "subscriptions-of-a-topic": lambda it: it.publisher.list_topic_subscriptions(topic=no_topic(it)),
    "subscribe": lambda it: it.subscription(no_topic(it)),
    "dead-letter-topic": lambda it: a_reader(it, dead_letter_policy={"dead_letter_topic": no_topic(it)}),
    "get-subscription": lambda it: it.subscriber.get_subscription(subscription=no_reader(it)),
    "delete-subscription": lambda it: it.subscriber.delete_subscription(subscription=no_reader(it)),
    "pull": lambda it: it.subscriber.pull(subscription=no_reader(it), max_messages=1),
    "acknowledge": lambda it: it.subscriber.acknowledge(subscription=no_reader(it), ack_ids=["1"]),
    "modify-push": lambda it: it.subscriber.modify_push_config(subscription=no_reader(it), push_config={}),
}
INVALID: dict[str, Call] = {
    "topic-name": lambda it: it.publisher.create_topic(name=f"projects/{PROJECT}/topics/1"),
    "reserved-name": lambda it: it.publisher.create_topic(name=f"projects/{PROJECT}/topics/googly"),
    "empty-message": lambda it: it.publish(it.topic()),
    "pull-of-none": lambda it: it.subscriber.pull(subscription=a_reader(it), max_messages=0),
    "no-ack-id": lambda it: it.subscriber.acknowledge(subscription=a_reader(it), ack_ids=[]),
    "strange-ack-id": lambda it: it.subscriber.acknowledge(subscription=a_reader(it), ack_ids=["strange"]),
    "short-ack-deadline": lambda it: a_reader(it, ack_deadline_seconds=5),
    "crossed-backoffs": lambda it: a_reader(it, retry_policy=CROSSED),
    "push-endpoint": lambda it: it.push(it.topic(), "ftp://127.0.0.1/x"),
    "update-without-mask": lambda it: it.subscriber.update_subscription(
        subscription={"name": a_reader(it)}, update_mask={"paths": []}
    ),
    "another-topic": lambda it: it.subscriber.update_subscription(
        subscription={"name": a_reader(it), "topic": it.topic("other")}, update_mask={"paths": ["topic"]}
    ),
}


class TestResources:
    def test_a_name_that_exists_is_refused(self, pubsub: PubSub) -> None:
        topic = pubsub.topic()
        subscription = pubsub.subscription(topic)
        with pytest.raises(exceptions.AlreadyExists):
            pubsub.publisher.create_topic(name=topic)
        with pytest.raises(exceptions.AlreadyExists):
            pubsub.subscriber.create_subscription(name=subscription, topic=topic)

    @pytest.mark.parametrize("call", NOT_THERE.values(), ids=NOT_THERE.keys())
    def test_a_resource_that_does_not_exist_is_not_found(self, pubsub: PubSub, call: Call) -> None:
        with pytest.raises(exceptions.NotFound):
            call(pubsub)

    @pytest.mark.parametrize("call", INVALID.values(), ids=INVALID.keys())
    def test_a_value_that_is_not_allowed_is_an_invalid_argument(self, pubsub: PubSub, call: Call) -> None:
        with pytest.raises(exceptions.InvalidArgument):
            call(pubsub)

    @pytest.mark.parametrize("attempts", [1, 4, 101])
    def test_delivery_attempts_have_googles_bounds(self, pubsub: PubSub, attempts: int) -> None:
        policy = {"dead_letter_topic": pubsub.topic("dead-letters"), "max_delivery_attempts": attempts}
        with pytest.raises(exceptions.OutOfRange):
            a_reader(pubsub, dead_letter_policy=policy)

    def test_absent_fields_have_googles_defaults(self, pubsub: PubSub) -> None:
        topic = pubsub.topic()
        reader = pubsub.subscription(topic, dead_letter_policy={"dead_letter_topic": topic})
        found = pubsub.subscriber.get_subscription(subscription=reader)
        assert found.ack_deadline_seconds == 10
        assert found.message_retention_duration == timedelta(days=7)
        assert found.dead_letter_policy.max_delivery_attempts == 5

    def test_an_update_changes_what_its_mask_names(self, pubsub: PubSub) -> None:
        topic = pubsub.topic()
        reader = pubsub.subscription(topic)
        changed = {"name": reader, "ack_deadline_seconds": 33, "push_config": {"push_endpoint": "http://127.0.0.1:9/x"}}
        pubsub.subscriber.update_subscription(subscription=changed, update_mask={"paths": ["ack_deadline_seconds"]})
        found = pubsub.subscriber.get_subscription(subscription=reader)
        assert (found.ack_deadline_seconds, found.push_config.push_endpoint) == (33, "")

    def test_lists_name_what_exists(self, pubsub: PubSub) -> None:
        topic = pubsub.topic()
        reader = pubsub.subscription(topic)
        project = f"projects/{PROJECT}"
        assert topic in [each.name for each in pubsub.publisher.list_topics(project=project)]
        assert list(pubsub.publisher.list_topic_subscriptions(topic=topic)) == [reader]
        assert reader in [each.name for each in pubsub.subscriber.list_subscriptions(project=project)]

    def test_a_deleted_topic_leaves_its_subscriptions(self, pubsub: PubSub) -> None:
        topic = pubsub.topic()
        reader = pubsub.subscription(topic)
        pubsub.publish(topic, b"left")
        pubsub.publisher.delete_topic(topic=topic)
        assert pubsub.subscriber.get_subscription(subscription=reader).topic == "_deleted-topic_"
        assert payloads(pubsub.pull(reader)) == [b"left"]

    @pytest.mark.parametrize(
        "message",
        [
            {"data": b"x" * 10_000_001},
            {"data": b"x", "attributes": {"goog-x": "y"}},
            {"data": b"x", "attributes": {"": "y"}},
            {"data": b"x", "attributes": {"k" * 257: "y"}},
            {"data": b"x", "attributes": {"k": "y" * 1025}},
            {"data": b"x", "attributes": {f"k{number}": "y" for number in range(101)}},
        ],
        ids=["size", "reserved", "empty-key", "long-key", "long-value", "many"],
    )
    def test_a_message_beyond_googles_limits_is_refused(self, pubsub: PubSub, message: dict[str, Any]) -> None:
        with pytest.raises(exceptions.InvalidArgument):
            pubsub.publisher.publish(topic=pubsub.topic(), messages=[message])
