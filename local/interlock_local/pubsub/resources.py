"""Google's resources as the server reads them: names, limits of a message, the terms of a subscription."""

import re
from collections.abc import Sequence
from typing import Any

from google import pubsub_v1
from google.protobuf import empty_pb2

from interlock_local.pubsub.filter import BadFilter, Predicate, parse_filter
from interlock_local.pubsub.refusal import invalid, out_of_range
from interlock_local.pubsub.terms import (
    AT_ONCE,
    DEFAULT_ACK_SECONDS,
    DEFAULT_ATTEMPTS,
    PUSH_RETRY,
    DeadLetterPolicy,
    Push,
    Retry,
    Terms,
)

Topic = pubsub_v1.Topic.pb()
Subscription = pubsub_v1.Subscription.pb()
PubsubMessage = pubsub_v1.PubsubMessage.pb()
Empty: Any = empty_pb2.Empty  # type: ignore[attr-defined]  # made at run time

DELETED_TOPIC = "_deleted-topic_"
MESSAGE_BYTES = 10_000_000
MESSAGES_AT_ONCE = 1000
ATTRIBUTES = 100
ATTRIBUTE_KEY_BYTES = 256
ATTRIBUTE_VALUE_BYTES = 1024
ORDERING_KEY_BYTES = 1024
MINIMUM_BACKOFF_SECONDS = 10
MAXIMUM_BACKOFF_SECONDS = 600
ACK_SECONDS = range(10, 601)
ATTEMPTS = range(5, 101)
RETENTION_SECONDS = 7 * 24 * 3600
ACK_ID = re.compile(r"\d+-\d+-[0-9a-f]+-\d+")
NAME = re.compile(r"projects/[^/]+/(?P<kind>topics|subscriptions)/(?!goog)[A-Za-z][A-Za-z0-9\-_.~+%]{2,254}")


def check_name(name: str, *, kind: str) -> None:
    """Refuses what Google would refuse."""
    match = NAME.fullmatch(name)
    if not match or match["kind"] != kind:
        raise invalid(f"Invalid [{kind}] name: (name={name}).")


def check_messages(messages: list[Any]) -> None:
    """A publish request is taken whole or not at all."""
    if not messages:
        raise invalid("The request contains no message.")
    if len(messages) > MESSAGES_AT_ONCE:
        raise invalid(f"The value for message_count is too large: at most {MESSAGES_AT_ONCE} are allowed.")
    for message in messages:
        _check_message(message)
    if sum(message.ByteSize() for message in messages) > MESSAGE_BYTES:
        raise invalid(f"Request payload size exceeds the limit: {MESSAGE_BYTES} bytes.")


def _check_message(message: Any) -> None:
    if not (message.data or message.attributes):
        raise invalid("Some messages are empty: a message needs data or at least one attribute.")
    if len(message.attributes) > ATTRIBUTES:
        raise invalid(f"A message has at most {ATTRIBUTES} attributes.")
    if len(message.ordering_key.encode()) > ORDERING_KEY_BYTES:
        raise invalid(f"An ordering key has at most {ORDERING_KEY_BYTES} bytes.")
    for name, value in message.attributes.items():
        _check_attribute(name, value)


def _check_attribute(name: str, value: str) -> None:
    if not name or len(name.encode()) > ATTRIBUTE_KEY_BYTES:
        raise invalid(f"An attribute key has 1 to {ATTRIBUTE_KEY_BYTES} bytes.")
    if name.startswith("goog"):
        raise invalid("Attribute keys beginning with 'goog' are reserved.")
    if len(value.encode()) > ATTRIBUTE_VALUE_BYTES:
        raise invalid(f"An attribute value has at most {ATTRIBUTE_VALUE_BYTES} bytes.")


def check_ack_ids(ack_ids: Sequence[str]) -> None:
    """Ids must be such as this server gives; whether they still count is another question."""
    if not ack_ids:
        raise invalid("No ack ids specified.")
    for ack_id in ack_ids:
        if not ACK_ID.fullmatch(ack_id):
            raise invalid(f"You have passed an invalid ack ID to the service (ack_id={ack_id[:100]}).")


def with_defaults(subscription: Any) -> Any:
    """A copy in which what was left out is what Google fills in."""
    filled = Subscription()
    filled.CopyFrom(subscription)
    filled.ack_deadline_seconds = filled.ack_deadline_seconds or DEFAULT_ACK_SECONDS
    if not filled.HasField("message_retention_duration"):
        filled.message_retention_duration.seconds = RETENTION_SECONDS
    if filled.dead_letter_policy.dead_letter_topic and not filled.dead_letter_policy.max_delivery_attempts:
        filled.dead_letter_policy.max_delivery_attempts = DEFAULT_ATTEMPTS
    if filled.HasField("retry_policy"):
        _fill_backoffs(filled.retry_policy)
    return filled


def _fill_backoffs(policy: Any) -> None:
    if not policy.HasField("minimum_backoff"):
        policy.minimum_backoff.seconds = MINIMUM_BACKOFF_SECONDS
    if not policy.HasField("maximum_backoff"):
        policy.maximum_backoff.seconds = MAXIMUM_BACKOFF_SECONDS


def predicate_of(subscription: Any) -> Predicate:
    """What its filter lets through."""
    try:
        return parse_filter(subscription.filter)
    except BadFilter as error:
        raise invalid(f"Invalid filter: {error}.") from error


def terms_of(subscription: Any) -> Terms:
    """All of it that decides about deliveries; raises `Refused` for values that Google does not take."""
    seconds = subscription.ack_deadline_seconds or DEFAULT_ACK_SECONDS
    if seconds not in ACK_SECONDS:
        raise invalid(f"Invalid ack deadline: {seconds} is not between 10 and 600 seconds.")
    push = _push(subscription.push_config)
    return Terms(
        ack_seconds=seconds,
        is_ordered=subscription.enable_message_ordering,
        retry=_retry(subscription, is_push=push is not None),
        dead_letter=_dead_letter(subscription),
        push=push,
    )


def _push(config: Any) -> Push | None:
    if not config.push_endpoint:
        return None
    if not config.push_endpoint.startswith(("http://", "https://")):
        raise invalid(f"Invalid push endpoint: {config.push_endpoint}.")
    return Push(config.push_endpoint)


def _retry(subscription: Any, *, is_push: bool) -> Retry:
    if not subscription.HasField("retry_policy"):
        return PUSH_RETRY if is_push else AT_ONCE
    policy = subscription.retry_policy
    minimum, maximum = _seconds(policy.minimum_backoff), _seconds(policy.maximum_backoff)
    if not 0 <= minimum <= maximum <= MAXIMUM_BACKOFF_SECONDS:
        raise invalid(
            "Invalid retry policy: the backoffs are between 0 and 600 seconds, the minimum below the maximum."
        )
    return Retry(minimum, maximum)


def _dead_letter(subscription: Any) -> DeadLetterPolicy | None:
    policy = subscription.dead_letter_policy
    if not policy.dead_letter_topic:
        return None
    attempts = policy.max_delivery_attempts or DEFAULT_ATTEMPTS
    if attempts not in ATTEMPTS:
        raise out_of_range("max_delivery_attempts", attempts, allowed=ATTEMPTS)
    return DeadLetterPolicy(policy.dead_letter_topic, attempts)


def _seconds(duration: Any) -> float:
    return float(duration.seconds + duration.nanos / 1e9)
