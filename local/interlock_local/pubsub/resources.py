"""Google's resources: checked as Google checks them, and converted to and from this server's own types."""

import re
from collections.abc import Sequence
from datetime import UTC
from typing import Any

from google import pubsub_v1
from google.protobuf import empty_pb2

from interlock_local.pubsub.errors import invalid, out_of_range
from interlock_local.pubsub.filter import BadFilter, Predicate, parse_filter
from interlock_local.pubsub.message import PublishedMessage
from interlock_local.pubsub.subscription_policy import (
    DEFAULT_ACK_DEADLINE_SECONDS,
    DEFAULT_MAX_DELIVERY_ATTEMPTS,
    DEFAULT_PUSH_RETRY,
    RETRY_IMMEDIATELY,
    DeadLetterPolicy,
    PushConfig,
    RetryPolicy,
    SubscriptionPolicy,
)

Topic = pubsub_v1.Topic.pb()
Subscription = pubsub_v1.Subscription.pb()
PubsubMessage = pubsub_v1.PubsubMessage.pb()
Empty: Any = empty_pb2.Empty  # type: ignore[attr-defined]  # made at run time

DELETED_TOPIC = "_deleted-topic_"
MAX_MESSAGE_BYTES = 10_000_000
MAX_MESSAGES_PER_REQUEST = 1000
MAX_ATTRIBUTES = 100
MAX_ATTRIBUTE_KEY_BYTES = 256
MAX_ATTRIBUTE_VALUE_BYTES = 1024
MAX_ORDERING_KEY_BYTES = 1024
DEFAULT_MINIMUM_BACKOFF_SECONDS = 10
MAXIMUM_BACKOFF_SECONDS = 600
ACK_DEADLINE_SECONDS = range(10, 601)
DELIVERY_ATTEMPTS = range(5, 101)
DEFAULT_RETENTION_SECONDS = 7 * 24 * 3600
ACK_ID = re.compile(r"\d+-\d+-[0-9a-f]+-\d+")
NAME = re.compile(r"projects/[^/]+/(?P<kind>topics|subscriptions)/(?!goog)[A-Za-z][A-Za-z0-9\-_.~+%]{2,254}")


def check_name(name: str, *, kind: str) -> None:
    """Raise ApiError for a name that Google does not take."""
    match = NAME.fullmatch(name)
    if not match or match["kind"] != kind:
        raise invalid(f"Invalid [{kind}] name: (name={name}).")


def check_messages(messages: list[Any]) -> None:
    """Raise ApiError if any message breaks a limit, as a publish request is taken whole or not at all."""
    if not messages:
        raise invalid("The request contains no message.")
    if len(messages) > MAX_MESSAGES_PER_REQUEST:
        raise invalid(f"The value for message_count is too large: at most {MAX_MESSAGES_PER_REQUEST} are allowed.")
    for message in messages:
        _check_message(message)
    if sum(message.ByteSize() for message in messages) > MAX_MESSAGE_BYTES:
        raise invalid(f"Request payload size exceeds the limit: {MAX_MESSAGE_BYTES} bytes.")


def _check_message(message: Any) -> None:
    if not (message.data or message.attributes):
        raise invalid("Some messages are empty: a message needs data or at least one attribute.")
    if len(message.attributes) > MAX_ATTRIBUTES:
        raise invalid(f"A message has at most {MAX_ATTRIBUTES} attributes.")
    if len(message.ordering_key.encode()) > MAX_ORDERING_KEY_BYTES:
        raise invalid(f"An ordering key has at most {MAX_ORDERING_KEY_BYTES} bytes.")
    for name, value in message.attributes.items():
        _check_attribute(name, value)


def _check_attribute(name: str, value: str) -> None:
    if not name or len(name.encode()) > MAX_ATTRIBUTE_KEY_BYTES:
        raise invalid(f"An attribute key has 1 to {MAX_ATTRIBUTE_KEY_BYTES} bytes.")
    if name.startswith("goog"):
        raise invalid("Attribute keys beginning with 'goog' are reserved.")
    if len(value.encode()) > MAX_ATTRIBUTE_VALUE_BYTES:
        raise invalid(f"An attribute value has at most {MAX_ATTRIBUTE_VALUE_BYTES} bytes.")


def check_ack_ids(ack_ids: Sequence[str]) -> None:
    """Raise ApiError for ids that this server cannot have given; whether they still count is decided later."""
    if not ack_ids:
        raise invalid("No ack ids specified.")
    for ack_id in ack_ids:
        if not ACK_ID.fullmatch(ack_id):
            raise invalid(f"You have passed an invalid ack ID to the service (ack_id={ack_id[:100]}).")


def with_defaults(subscription: Any) -> Any:
    """Return a copy in which absent fields have the values that Google fills in."""
    filled = Subscription()
    filled.CopyFrom(subscription)
    filled.ack_deadline_seconds = filled.ack_deadline_seconds or DEFAULT_ACK_DEADLINE_SECONDS
    if not filled.HasField("message_retention_duration"):
        filled.message_retention_duration.seconds = DEFAULT_RETENTION_SECONDS
    if filled.dead_letter_policy.dead_letter_topic and not filled.dead_letter_policy.max_delivery_attempts:
        filled.dead_letter_policy.max_delivery_attempts = DEFAULT_MAX_DELIVERY_ATTEMPTS
    if filled.HasField("retry_policy"):
        _fill_backoffs(filled.retry_policy)
    return filled


def _fill_backoffs(policy: Any) -> None:
    if not policy.HasField("minimum_backoff"):
        policy.minimum_backoff.seconds = DEFAULT_MINIMUM_BACKOFF_SECONDS
    if not policy.HasField("maximum_backoff"):
        policy.maximum_backoff.seconds = MAXIMUM_BACKOFF_SECONDS


def filter_of(subscription: Any) -> Predicate:
    """Return its filter as a predicate on attributes; raise ApiError if the filter cannot be parsed."""
    try:
        return parse_filter(subscription.filter)
    except BadFilter as error:
        raise invalid(f"Invalid filter: {error}.") from error


def policy_of(subscription: Any) -> SubscriptionPolicy:
    """Return what decides about its deliveries; raise ApiError for values that Google does not take."""
    seconds = subscription.ack_deadline_seconds or DEFAULT_ACK_DEADLINE_SECONDS
    if seconds not in ACK_DEADLINE_SECONDS:
        raise invalid(f"Invalid ack deadline: {seconds} is not between 10 and 600 seconds.")
    push = _push(subscription.push_config)
    return SubscriptionPolicy(
        ack_deadline_seconds=seconds,
        is_ordered=subscription.enable_message_ordering,
        retry=_retry(subscription, is_push=push is not None),
        dead_letter=_dead_letter(subscription),
        push=push,
    )


def _push(config: Any) -> PushConfig | None:
    if not config.push_endpoint:
        return None
    if not config.push_endpoint.startswith(("http://", "https://")):
        raise invalid(f"Invalid push endpoint: {config.push_endpoint}.")
    return PushConfig(config.push_endpoint)


def _retry(subscription: Any, *, is_push: bool) -> RetryPolicy:
    if not subscription.HasField("retry_policy"):
        return DEFAULT_PUSH_RETRY if is_push else RETRY_IMMEDIATELY
    policy = subscription.retry_policy
    minimum, maximum = _seconds(policy.minimum_backoff), _seconds(policy.maximum_backoff)
    if not 0 <= minimum <= maximum <= MAXIMUM_BACKOFF_SECONDS:
        raise invalid(
            "Invalid retry policy: the backoffs are between 0 and 600 seconds, the minimum below the maximum."
        )
    return RetryPolicy(minimum, maximum)


def _dead_letter(subscription: Any) -> DeadLetterPolicy | None:
    policy = subscription.dead_letter_policy
    if not policy.dead_letter_topic:
        return None
    attempts = policy.max_delivery_attempts or DEFAULT_MAX_DELIVERY_ATTEMPTS
    if attempts not in DELIVERY_ATTEMPTS:
        raise out_of_range("max_delivery_attempts", attempts, allowed=DELIVERY_ATTEMPTS)
    return DeadLetterPolicy(policy.dead_letter_topic, attempts)


def _seconds(duration: Any) -> float:
    return float(duration.seconds + duration.nanos / 1e9)


def message_resource(message: PublishedMessage) -> Any:
    """Return Google's form of a message."""
    resource = PubsubMessage(
        data=message.data,
        attributes=message.attributes,
        message_id=str(message.number),
        ordering_key=message.ordering_key,
    )
    resource.publish_time.FromDatetime(message.publish_time)
    return resource


def message_from_bytes(number: int, document: bytes) -> PublishedMessage:
    """Return the message that message_resource() gave, serialized."""
    resource = PubsubMessage.FromString(document)
    publish_time = resource.publish_time.ToDatetime(tzinfo=UTC)
    return PublishedMessage(number, publish_time, resource.data, dict(resource.attributes), resource.ordering_key)
