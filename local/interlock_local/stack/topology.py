"""The topics and subscriptions of one stack, made through Google's own client; made again, nothing changes."""

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
from interlock_local.stack.plan import Plan

TOPICS = (names.REQUESTS, names.STATUS, names.DEAD_LETTERS, names.COMPLETIONS)
ACK_DEADLINE_SECONDS = 60
MAX_DELIVERY_ATTEMPTS = 10
BACKOFF = RetryPolicy(minimum_backoff=timedelta(seconds=1), maximum_backoff=timedelta(seconds=10))
CALL_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Wire:
    """One subscription: the function it pushes to (None = it is pulled), and whether it gives up on a message."""

    name: str
    topic: str
    function: str | None = None
    gives_up: bool = False


WIRES = (
    Wire("dispatch-release", names.REQUESTS, "dispatch_release", gives_up=True),
    Wire("report-status", names.COMPLETIONS, "report_status", gives_up=True),
    Wire("alert-dead-letter", names.DEAD_LETTERS, "alert_dead_letter"),
    Wire("dead-letter-review", names.DEAD_LETTERS),
    Wire("release-status-tail", names.STATUS),
)


def ensure_topology(plan: Plan) -> None:
    """Make what is missing, and turn each push to where its function answers now."""
    with grpc.insecure_channel(plan.address(names.PUBSUB)) as channel:
        publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
        subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
        for topic in TOPICS:
            with suppress(AlreadyExists):
                publisher.create_topic(name=topic, timeout=CALL_SECONDS)
        for wire in WIRES:
            _ensure(subscriber, wire, plan)


def _ensure(subscriber: SubscriberClient, wire: Wire, plan: Plan) -> None:
    wanted = subscription(wire, plan)
    try:
        subscriber.create_subscription(request=wanted, timeout=CALL_SECONDS)
    except AlreadyExists:
        if wire.function:
            subscriber.modify_push_config(
                subscription=wanted.name, push_config=wanted.push_config, timeout=CALL_SECONDS
            )


def subscription(wire: Wire, plan: Plan) -> Subscription:
    """Return the subscription as Pub/Sub is to have it."""
    giving_up = DeadLetterPolicy(dead_letter_topic=names.DEAD_LETTERS, max_delivery_attempts=MAX_DELIVERY_ATTEMPTS)
    return Subscription(
        name=names.subscription(wire.name),
        topic=wire.topic,
        ack_deadline_seconds=ACK_DEADLINE_SECONDS,
        retry_policy=BACKOFF,
        push_config=PushConfig(push_endpoint=plan.url(wire.function)) if wire.function else None,
        dead_letter_policy=giving_up if wire.gives_up else None,
    )
