"""google.pubsub.v1.Subscriber: subscriptions, pulling and settling."""

import time
from typing import Any

from google import pubsub_v1

from interlock_local.pubsub.backlog import Lease
from interlock_local.pubsub.feed import Feed
from interlock_local.pubsub.hub import Hub, message_of
from interlock_local.pubsub.listing import page
from interlock_local.pubsub.refusal import invalid, not_found
from interlock_local.pubsub.resources import (
    Empty,
    Subscription,
    check_ack_ids,
    check_name,
    predicate_of,
    terms_of,
    with_defaults,
)

PullResponse = pubsub_v1.PullResponse.pb()
ReceivedMessage = pubsub_v1.ReceivedMessage.pb()
ListSubscriptionsResponse = pubsub_v1.ListSubscriptionsResponse.pb()

PULL_SECONDS = 5.0
"""How long a pull waits for a first message, if its caller waits so long."""
IMMUTABLE = {"name", "topic", "filter", "enable_message_ordering"}
LONGEST_EXTENSION = 600


class Subscriber:
    """Each method takes Google's request, answers with Google's response, and returns after what it did is kept."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    async def create_subscription(self, subscription: Any) -> Any:
        """A new subscription; it gets what is published from now on."""
        check_name(subscription.name, kind="subscriptions")
        subscription = with_defaults(subscription)
        predicate_of(subscription)
        terms_of(subscription)
        self.hub.create_subscription(subscription)
        await self.hub.journal.settled()
        return subscription

    async def get_subscription(self, request: Any) -> Any:
        """One subscription."""
        return self.hub.feed(request.subscription).subscription

    async def update_subscription(self, request: Any) -> Any:
        """Replaces the fields of the mask; name, topic, filter and ordering are for life."""
        paths = set(request.update_mask.paths)
        if not paths:
            raise invalid("The update_mask in the UpdateSubscriptionRequest must be set.")
        if paths & IMMUTABLE:
            raise invalid(f"Invalid update_mask: {', '.join(sorted(paths & IMMUTABLE))} cannot be changed.")
        changed = self._copy(request.subscription.name)
        request.update_mask.MergeMessage(request.subscription, changed, True, True)  # noqa: FBT003
        return await self._put(changed)

    async def modify_push_config(self, request: Any) -> Any:
        """Another endpoint, or none: then it is a pull subscription."""
        changed = self._copy(request.subscription)
        changed.push_config.CopyFrom(request.push_config)
        await self._put(changed)
        return Empty()

    async def list_subscriptions(self, request: Any) -> Any:
        """All of a project."""
        names = [name for name in self.hub.feeds if name.startswith(f"{request.project}/")]
        found, token = page(names, request)
        subscriptions = [self.hub.feeds[name].subscription for name in found]
        return ListSubscriptionsResponse(subscriptions=subscriptions, next_page_token=token)

    async def delete_subscription(self, request: Any) -> Any:
        """With all that it has not delivered."""
        self.hub.delete_subscription(request.subscription)
        await self.hub.journal.settled()
        return Empty()

    async def acknowledge(self, request: Any) -> Any:
        """Done with these."""
        feed = self.hub.feed(request.subscription)
        check_ack_ids(request.ack_ids)
        feed.acknowledge(request.ack_ids)
        await self.hub.journal.settled()
        return Empty()

    async def modify_ack_deadline(self, request: Any) -> Any:
        """More time; zero gives the message back."""
        feed = self.hub.feed(request.subscription)
        check_ack_ids(request.ack_ids)
        if not 0 <= request.ack_deadline_seconds <= LONGEST_EXTENSION:
            raise invalid(f"Invalid ack deadline: it is between 0 and {LONGEST_EXTENSION} seconds.")
        feed.modify(request.ack_ids, seconds=request.ack_deadline_seconds)
        await self.hub.journal.settled()
        return Empty()

    async def pull(self, request: Any) -> Any:
        """What is due; waits a little for a first message."""
        feed = self.hub.feed(request.subscription)
        if request.max_messages <= 0:
            raise invalid("max_messages must be greater than 0.")
        if feed.terms.push:
            raise invalid("This method is not supported for this subscription type (push).")
        seconds = 0.0 if request.return_immediately else PULL_SECONDS
        leases = await _wait_for_leases(feed, limit=request.max_messages, seconds=seconds)
        return PullResponse(received_messages=[received(feed, lease) for lease in leases])

    def _copy(self, name: str) -> Any:
        copy = Subscription()
        copy.CopyFrom(self.hub.feed(name).subscription)
        return copy

    async def _put(self, changed: Any) -> Any:
        changed = with_defaults(changed)
        terms_of(changed)
        self.hub.put_subscription(changed)
        await self.hub.journal.settled()
        return changed


def received(feed: Feed, lease: Lease) -> Any:
    """One delivery; it counts its attempts only with a dead-letter policy."""
    attempt = lease.attempt if feed.terms.dead_letter else 0
    return ReceivedMessage(ack_id=lease.ack_id, message=message_of(lease.letter), delivery_attempt=attempt)


async def _wait_for_leases(feed: Feed, *, limit: int, seconds: float) -> list[Lease]:
    until = time.time() + seconds
    while not feed.is_closed:
        leases = feed.take(limit=limit, seconds=feed.terms.ack_seconds)
        if leases or time.time() >= until:
            return leases
        due = feed.backlog.next_due()
        await feed.change(until if due is None else min(until, due))
    raise not_found(feed.name)
