"""Ordering keys and filters; ours and Google's emulator pass the same suite, but for what that leaves out."""

import base64

import pytest
from google.api_core import exceptions

from tests.contract.cloud_run_server import eventually
from tests.contract.pubsub_client import PubSub, payloads
from tests.contract.pubsub_endpoint import endpoint, slowly

QUICK = {"minimum_backoff": {"nanos": 100_000_000}, "maximum_backoff": {"seconds": 2}}


class TestOrdering:
    def test_a_key_comes_in_order(self, pubsub: PubSub) -> None:
        topic = pubsub.topic()
        subscription = pubsub.subscription(topic, enable_message_ordering=True)
        for word in (b"1", b"2", b"3"):
            pubsub.publish(topic, word, key="k")
        seen: list[bytes] = []
        while len(seen) < 3:
            received = pubsub.pull(subscription)
            seen += payloads(received)
            pubsub.acknowledge(subscription, received)
        assert seen == [b"1", b"2", b"3"]

    def test_a_nack_brings_the_later_ones_of_its_key_again_in_order(self, pubsub: PubSub) -> None:
        topic = pubsub.topic()
        subscription = pubsub.subscription(topic, enable_message_ordering=True)
        pubsub.publish_all(topic, [b"1", b"2", b"3"], key="k")
        [head, *_] = pubsub.peek(subscription)
        assert head.message.data == b"1"
        pubsub.nack(subscription, [head])
        seen: list[bytes] = []
        while seen[-3:] != [b"1", b"2", b"3"]:
            received = pubsub.pull(subscription)
            seen += payloads(received)
            pubsub.acknowledge(subscription, received)
        assert seen[0] == b"1"

    def test_a_key_is_pushed_one_at_a_time_in_order(self, pubsub: PubSub) -> None:
        with endpoint(slowly) as there:
            topic = pubsub.topic()
            pubsub.push(topic, there.url, enable_message_ordering=True)
            sent = [f"{number}".encode() for number in range(6)]
            pubsub.publish_all(topic, sent, key="k")
            eventually(lambda: len(there.posts) == 6)
            assert [base64.b64decode(post.message["data"]) for post in there.posts] == sent
            assert there.most_at_once == 1

    def test_a_push_names_its_ordering_key(self, pubsub: PubSub) -> None:
        with endpoint() as there:
            topic = pubsub.topic()
            pubsub.push(topic, there.url)
            pubsub.publish(topic, b"1", key="k")
            eventually(lambda: there.posts)
            assert there.posts[0].message["orderingKey"] == "k"

    def test_a_failed_push_delays_its_ordering_key(self, pubsub: PubSub) -> None:
        with endpoint(lambda _body: 500 if len(there.posts) == 1 else 204) as there:
            topic = pubsub.topic()
            pubsub.push(topic, there.url, enable_message_ordering=True, retry_policy=QUICK)
            pubsub.publish_all(topic, [b"1", b"2", b"3"], key="k")
            eventually(lambda: len(there.posts) >= 4)
            assert [base64.b64decode(post.message["data"]) for post in there.posts[:4]] == [b"1", b"1", b"2", b"3"]


class TestFilters:
    @pytest.mark.parametrize(
        ("text", "passing"),
        [
            ('attributes.env = "prod"', {"prod", "prod-eu"}),
            ('attributes.env != "prod"', {"stage", "none"}),
            ("attributes:region", {"prod-eu"}),
            ("NOT attributes:env", {"none"}),
            ("-attributes:env", {"none"}),
            ('hasPrefix(attributes.env, "st")', {"stage"}),
            ('attributes.env = "prod" AND attributes:region', {"prod-eu"}),
            ('attributes.env = "stage" OR attributes.region = "eu"', {"stage", "prod-eu"}),
            ('attributes:env AND NOT (attributes.env = "stage" OR attributes:region)', {"prod"}),
        ],
    )
    def test_only_what_passes_the_filter_is_delivered(self, pubsub: PubSub, text: str, passing: set[str]) -> None:
        topic = pubsub.topic()
        subscription = pubsub.subscription(topic, filter=text)
        pubsub.publish(topic, b"prod", env="prod")
        pubsub.publish(topic, b"prod-eu", env="prod", region="eu")
        pubsub.publish(topic, b"stage", env="stage")
        pubsub.publish(topic, b"none", other="x")
        received = pubsub.pull(subscription, count=len(passing))
        assert {word.decode() for word in payloads(received)} == passing
        assert pubsub.stays_empty(subscription)

    @pytest.mark.parametrize(
        "text", ['attributes.x = "', "attributes.x", 'attributes.x ~ "y"', 'data = "x"', "(attributes:x"]
    )
    def test_a_bad_filter_is_refused(self, pubsub: PubSub, text: str) -> None:
        with pytest.raises(exceptions.InvalidArgument):
            pubsub.subscription(pubsub.topic(), filter=text)

    def test_and_with_or_needs_parentheses(self, pubsub: PubSub) -> None:
        with pytest.raises(exceptions.InvalidArgument):
            pubsub.subscription(pubsub.topic(), filter="attributes:a AND attributes:b OR attributes:c")
