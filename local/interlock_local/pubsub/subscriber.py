"""The unary calls of google.pubsub.v1.Subscriber: subscriptions, pulling and acknowledging."""

import time
from typing import Any

from google import pubsub_v1

from interlock_local.pubsub.backlog import Lease
from interlock_local.pubsub.broker import Broker
from interlock_local.pubsub.errors import invalid, not_found
from interlock_local.pubsub.pagination import page_of
from interlock_local.pubsub.resources import (
    Empty,
    Subscription,
    check_ack_ids,
    check_name,
    filter_of,
    message_resource,
    policy_of,
    with_defaults,
)
from interlock_local.pubsub.subscription_queue import SubscriptionQueue

PullResponse = pubsub_v1.PullResponse.pb()
ReceivedMessage = pubsub_v1.ReceivedMessage.pb()
ListSubscriptionsResponse = pubsub_v1.ListSubscriptionsResponse.pb()

PULL_WAIT_SECONDS = 5.0
"""How long a pull waits for a first message, unless its caller wants an answer at once."""
IMMUTABLE_FIELDS = {"name", "topic", "filter", "enable_message_ordering"}
LONGEST_EXTENSION_SECONDS = 600


class SubscriberApi:
    """Each method takes Google's request and returns Google's response, once what it changed is kept durably."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def create_subscription(self, subscription: Any) -> Any:
        """Create a subscription; it receives what is published from now on."""
        check_name(subscription.name, kind="subscriptions")
        subscription = with_defaults(subscription)
        filter_of(subscription)
        policy_of(subscription)
        self._broker.create_subscription(subscription)
        await self._broker.store.flush()
        return subscription

    async def get_subscription(self, request: Any) -> Any:
        """Return one subscription."""
        return self._broker.queue(request.subscription).subscription

    async def update_subscription(self, request: Any) -> Any:
        """Replace the fields that the mask names."""
        paths = set(request.update_mask.paths)
        if not paths:
            raise invalid("The update_mask in the UpdateSubscriptionRequest must be set.")
        if paths & IMMUTABLE_FIELDS:
            raise invalid(f"Invalid update_mask: {', '.join(sorted(paths & IMMUTABLE_FIELDS))} cannot be changed.")
        changed = self._copy(request.subscription.name)
        request.update_mask.MergeMessage(request.subscription, changed, True, True)  # noqa: FBT003
        return await self._put(changed)

    async def modify_push_config(self, request: Any) -> Any:
        """Replace the endpoint; without one it becomes a pull subscription."""
        changed = self._copy(request.subscription)
        changed.push_config.CopyFrom(request.push_config)
        await self._put(changed)
        return Empty()

    async def list_subscriptions(self, request: Any) -> Any:
        """Return a page of the project's subscriptions."""
        names = [name for name in self._broker.queues if name.startswith(f"{request.project}/")]
        found, token = page_of(names, request)
        subscriptions = [self._broker.queues[name].subscription for name in found]
        return ListSubscriptionsResponse(subscriptions=subscriptions, next_page_token=token)

    async def delete_subscription(self, request: Any) -> Any:
        """Delete a subscription with all that it has not delivered."""
        self._broker.delete_subscription(request.subscription)
        await self._broker.store.flush()
        return Empty()

    async def acknowledge(self, request: Any) -> Any:
        """Remove the messages of these leases."""
        queue = self._broker.queue(request.subscription)
        check_ack_ids(request.ack_ids)
        queue.acknowledge(request.ack_ids)
        await self._broker.store.flush()
        return Empty()

    async def modify_ack_deadline(self, request: Any) -> Any:
        """Extend these leases; zero seconds is a negative acknowledgement."""
        queue = self._broker.queue(request.subscription)
        check_ack_ids(request.ack_ids)
        if not 0 <= request.ack_deadline_seconds <= LONGEST_EXTENSION_SECONDS:
            raise invalid(f"Invalid ack deadline: it is between 0 and {LONGEST_EXTENSION_SECONDS} seconds.")
        queue.modify_ack_deadline(request.ack_ids, seconds=request.ack_deadline_seconds)
        await self._broker.store.flush()
        return Empty()

    async def pull(self, request: Any) -> Any:
        """Lease what is due; wait a little if nothing is."""
        queue = self._broker.queue(request.subscription)
        if request.max_messages <= 0:
            raise invalid("max_messages must be greater than 0.")
        if queue.policy.push:
            raise invalid("This method is not supported for this subscription type (push).")
        seconds = 0.0 if request.return_immediately else PULL_WAIT_SECONDS
        leases = await _wait_for_leases(queue, limit=request.max_messages, seconds=seconds)
        return PullResponse(received_messages=[received_message(queue, lease) for lease in leases])

    def _copy(self, name: str) -> Any:
        copy = Subscription()
        copy.CopyFrom(self._broker.queue(name).subscription)
        return copy

    async def _put(self, changed: Any) -> Any:
        changed = with_defaults(changed)
        policy_of(changed)
        self._broker.put_subscription(changed)
        await self._broker.store.flush()
        return changed


def received_message(queue: SubscriptionQueue, lease: Lease) -> Any:
    """Return Google's form of one delivery; it counts attempts only with a dead-letter policy."""
    attempt = lease.attempt if queue.policy.dead_letter else 0
    return ReceivedMessage(ack_id=lease.ack_id, message=message_resource(lease.message), delivery_attempt=attempt)


async def _wait_for_leases(queue: SubscriptionQueue, *, limit: int, seconds: float) -> list[Lease]:
    until = time.time() + seconds
    while not queue.is_closed:
        leases = queue.lease(limit=limit, seconds=queue.policy.ack_deadline_seconds)
        if leases or time.time() >= until:
            return leases
        due = queue.backlog.next_due()
        await queue.wait_for_change(until if due is None else min(until, due))
    raise not_found(queue.name)
