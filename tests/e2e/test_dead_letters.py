"""What nobody could handle is closed, kept and alerted, and no credential in it leaves."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from google.pubsub_v1.types import DeadLetterPolicy, PushConfig, RetryPolicy, Subscription

from interlock.domain.dead_letters.dead_letter import DeadLetter
from interlock.domain.dead_letters.stored import StoredDeadLetter
from interlock.ledger.records import Key
from interlock_local.stack import names
from tests.e2e.stack import Stack, wait_until
from tests.e2e.story import Story

SECRET = "hunter2-" + uuid4().hex
GITHUB = "ghp_" + uuid4().hex


def kept(story: Story, dead_letter_id: str) -> DeadLetter:
    found = story.stack.ledger.read(Key("dead_letters", dead_letter_id))
    assert isinstance(found, StoredDeadLetter)
    return found.letter


@contextmanager
def topic_that_nobody_takes(stack: Stack) -> Iterator[str]:
    """Make a topic whose messages are pushed to a port where nobody listens, five times, then given up."""
    topic, name = names.topic(f"test-{uuid4().hex[:8]}"), names.subscription(f"test-{uuid4().hex[:8]}")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        subscription = Subscription(
            name=name,
            topic=topic,
            push_config=PushConfig(push_endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}/"),
            retry_policy=RetryPolicy(minimum_backoff=timedelta(0), maximum_backoff=timedelta(seconds=1)),
            dead_letter_policy=DeadLetterPolicy(dead_letter_topic=names.DEAD_LETTERS, max_delivery_attempts=5),
        )
        stack.publisher.create_topic(name=topic, timeout=10)
        stack.subscriber.create_subscription(request=subscription, timeout=10)
        yield topic
        stack.subscriber.delete_subscription(subscription=name, timeout=10)
        stack.publisher.delete_topic(topic=topic, timeout=10)


def test_dead_lettered_when_its_deliveries_give_out(story: Story) -> None:
    request = story.stack.a_request()
    with topic_that_nobody_takes(story.stack) as topic:
        story.stack.publish(request, topic=topic)
        _, event = story.ends(request["release_id"], "dead_lettered")
    assert event["reason"] == "delivery_exhausted"
    alert = story.alert(lambda alert: alert.get("release_id") == request["release_id"])
    assert (alert["origin"], alert["delivery_count"]) == ("pubsub", 5)


def test_dead_lettered_when_pubsub_forwards_what_nobody_ever_saw(story: Story) -> None:
    request = story.stack.a_request()
    marks = {
        "CloudPubSubDeadLetterSourceDeliveryCount": "10",
        "CloudPubSubDeadLetterSourceSubscription": "dispatch-release",
        "CloudPubSubDeadLetterSourceSubscriptionProject": names.PROJECT,
        "CloudPubSubDeadLetterSourceTopicPublishTime": "2026-03-04T09:15:30.123+00:00",
    }
    story.stack.publish(request, topic=names.DEAD_LETTERS, **marks)
    _, event = story.ends(request["release_id"], "dead_lettered")
    assert event["reason"] == "delivery_exhausted"


def test_a_dead_letter_that_arrives_twice_is_one(story: Story) -> None:
    request = story.stack.a_request()
    marks = {
        "CloudPubSubDeadLetterSourceDeliveryCount": "5",
        "CloudPubSubDeadLetterSourceSubscription": "dispatch-release",
        "CloudPubSubDeadLetterSourceSubscriptionProject": names.PROJECT,
        "CloudPubSubDeadLetterSourceTopicPublishTime": "2026-03-04T09:15:30.123+00:00",
    }
    for _ in range(2):
        story.stack.publish(request, topic=names.DEAD_LETTERS, **marks)
    story.ends(request["release_id"], "dead_lettered")
    alert = story.alert(lambda alert: alert.get("release_id") == request["release_id"])

    def arrivals() -> int:
        found = story.stack.ledger.read(Key("dead_letters", alert["dead_letter_id"]))
        assert isinstance(found, StoredDeadLetter)
        return found.arrivals

    wait_until(lambda: arrivals() == 2)
    assert story.states(request["release_id"]) == ["dead_lettered"]


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe not text",
        f"password={SECRET} and no JSON".encode(),
        b'{"release_version": "1", "release_version": "2"}',
        b'["a list"]',
        b"",
    ],
    ids=["not_utf8", "not_json", "duplicate_key", "not_object", "empty"],
)
def test_bytes_that_are_no_request_are_rejected_kept_and_alerted(story: Story, body: bytes) -> None:
    message_id = story.stack.publish(body, origin="test")
    _, event = story.ends(f"msg-{message_id}", "rejected")
    assert event["violations"]
    alert = story.alert(lambda alert: alert["message_id"] == message_id)
    letter = kept(story, alert["dead_letter_id"])
    assert letter.data == body
    assert letter.attributes["origin"] == "test"


def test_a_credential_in_a_message_leaves_nowhere(story: Story) -> None:
    params = {"DB_PASSWORD": SECRET}
    hopeless = story.publish(target_env="gone", params=params, reason=f"key {GITHUB}")
    misspelt = story.publish(api_token=SECRET, artifact_path=f"https://me:{SECRET}@web.example/a.zip")
    talkative = story.publish(script='echo "password=$RELEASE_PARAM_DB_PASSWORD" >&2; exit 1', params=params)
    for release_id, state in ((hopeless, "errored"), (misspelt, "rejected"), (talkative, "failed")):
        story.ends(release_id, state)
    alerted = [story.alert(lambda one: one.get("release_id") == hopeless)]
    alerted.append(story.alert(lambda one: one.get("release_id") == misspelt))
    assert logs_with(story.stack, hopeless) != []
    for secret in (SECRET, GITHUB):
        assert secret not in repr(alerted)
        assert secret not in repr(story.events)
        assert logs_with(story.stack, secret) == []


def logs_with(stack: Stack, text: str) -> list[str]:
    return [log.name for log in (stack.plan.state / "logs").iterdir() if text in log.read_text(errors="replace")]
