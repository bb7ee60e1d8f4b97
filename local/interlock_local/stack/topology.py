"""The topics and subscriptions of one stack, created through Google's own client; creating them again is harmless."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import grpc
from google.api_core.exceptions import AlreadyExists
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber import SubscriberClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from google.pubsub_v1.types import DeadLetterPolicy, PushConfig, RetryPolicy, Subscription

from interlock_local.stack import names
from interlock_local.stack.plan import StackPlan

TOPICS = (names.REQUESTS, names.STATUS, names.DEAD_LETTERS, names.COMPLETIONS)
ACK_DEADLINE_SECONDS = 60
MAX_DELIVERY_ATTEMPTS = 10
BACKOFF = RetryPolicy(minimum_backoff=timedelta(seconds=1), maximum_backoff=timedelta(seconds=10))
CALL_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class SubscriptionSpec:
    """One subscription: the function it pushes to (None means it is pulled), and whether it has a dead-letter topic."""

    name: str
    topic: str
    function: str | None = None
    has_dead_letter_topic: bool = False


SUBSCRIPTIONS = (
    SubscriptionSpec("dispatch-release", names.REQUESTS, "dispatch_release", has_dead_letter_topic=True),
    SubscriptionSpec("report-status", names.COMPLETIONS, "report_status", has_dead_letter_topic=True),
    SubscriptionSpec("alert-dead-letter", names.DEAD_LETTERS, "alert_dead_letter"),
    SubscriptionSpec("dead-letter-review", names.DEAD_LETTERS),
    SubscriptionSpec("release-status-tail", names.STATUS),
)


def ensure_topology(plan: StackPlan) -> None:
    """Create what is missing, and point each push subscription at its function's present address."""
    with grpc.insecure_channel(plan.address(names.PUBSUB)) as channel:
        publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
        subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
        for topic in TOPICS:
            with suppress(AlreadyExists):
                publisher.create_topic(name=topic, timeout=CALL_SECONDS)
        for spec in SUBSCRIPTIONS:
            _ensure(subscriber, spec, plan)


def _ensure(subscriber: SubscriberClient, spec: SubscriptionSpec, plan: StackPlan) -> None:
    wanted = subscription(spec, plan)
    try:
        subscriber.create_subscription(request=wanted, timeout=CALL_SECONDS)
    except AlreadyExists:
        if spec.function:
            subscriber.modify_push_config(
                subscription=wanted.name, push_config=wanted.push_config, timeout=CALL_SECONDS
            )


def subscription(spec: SubscriptionSpec, plan: StackPlan) -> Subscription:
    """Return the subscription as Pub/Sub's own type."""
    dead_letters = DeadLetterPolicy(dead_letter_topic=names.DEAD_LETTERS, max_delivery_attempts=MAX_DELIVERY_ATTEMPTS)
    return Subscription(
        name=names.subscription(spec.name),
        topic=spec.topic,
        ack_deadline_seconds=ACK_DEADLINE_SECONDS,
        retry_policy=BACKOFF,
        push_config=PushConfig(push_endpoint=plan.url(spec.function)) if spec.function else None,
        dead_letter_policy=dead_letters if spec.has_dead_letter_topic else None,
    )
