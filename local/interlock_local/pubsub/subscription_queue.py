"""One subscription at work: its backlog, the clock, its durable record, and the subscribers that wait for messages."""

import asyncio
import itertools
import time
from collections.abc import Iterable
from typing import Any, Protocol

from interlock_local.pubsub.backlog import Backlog, Lease, QueuedMessage
from interlock_local.pubsub.message import PublishedMessage
from interlock_local.pubsub.resources import filter_of, policy_of
from interlock_local.pubsub.subscription_policy import SubscriptionPolicy

HOLDER_IDS = itertools.count(1)
"""A number for each subscriber that holds leases; 0 is shared by all unary pulls."""


class DeliveryStore(Protocol):
    """What a queue needs from the broker, which keeps deliveries durably."""

    def record_failure(self, subscription: str, queued: QueuedMessage) -> None:
        """Keep the count of failures and the time of the next delivery."""

    def remove_delivery(self, subscription: str, message: PublishedMessage) -> None:
        """Remove the record of a delivery that was acknowledged."""

    def forward_dead_letter(self, subscription: str, queued: QueuedMessage, *, topic: str) -> bool:
        """Publish the message on the dead-letter topic; return False if there is no such topic."""


class SubscriptionQueue:
    """The one place through which a subscription changes; it is used on the event loop's thread only."""

    def __init__(self, subscription: Any, store: DeliveryStore, *, boot_id: str) -> None:
        self.subscription = subscription
        self.accepts = filter_of(subscription)
        self.backlog = Backlog(policy_of(subscription), boot_id)
        self.is_closed = False
        self._store = store
        self._change = asyncio.Event()

    @property
    def name(self) -> str:
        """The subscription's full name."""
        return str(self.subscription.name)

    @property
    def policy(self) -> SubscriptionPolicy:
        """The policy as it is now; an update of the subscription replaces it."""
        return self.backlog.policy

    def update(self, subscription: Any) -> None:
        """Replace the policy, for messages that wait already, too."""
        self.backlog.policy = policy_of(subscription)
        self.subscription = subscription
        self.notify()

    def close(self) -> None:
        """Mark the subscription as deleted, and wake the subscribers so that they notice."""
        self.is_closed = True
        self.notify()

    def add(self, message: PublishedMessage, *, failures: int = 0, due: float = 0.0) -> None:
        """Append a message and wake the subscribers."""
        self.backlog.add(message, failures=failures, due=due)
        self.notify()

    def lease(self, *, limit: int, seconds: float, holder: int = 0, byte_budget: int | None = None) -> list[Lease]:
        """Lease what is due for so many seconds."""
        now = time.time()
        return self.backlog.lease(now, limit=limit, until=now + seconds, holder=holder, byte_budget=byte_budget)

    def acknowledge(self, ack_ids: Iterable[str]) -> None:
        """Remove these messages; ids that no longer count are ignored, as Google does."""
        for queued in self._found(ack_ids):
            self.backlog.acknowledge(queued)
            self._store.remove_delivery(self.name, queued.message)
        self.notify()

    def modify_ack_deadline(self, ack_ids: Iterable[str], *, seconds: float) -> None:
        """Extend these leases; zero seconds is a negative acknowledgement."""
        now = time.time()
        for queued in self._found(ack_ids):
            if seconds > 0:
                self.backlog.extend(queued, until=now + seconds)
            else:
                self._nack(queued, now)
        self.notify()

    async def expire_leases(self) -> None:
        """Nack what was not acknowledged before its deadline, until the subscription is deleted."""
        while not self.is_closed:
            await self.wait_for_change(self.backlog.next_deadline())
            now = time.time()
            expired = self.backlog.expired(now)
            for queued in expired:
                if queued.lease:  # a message before it, of the same key, may have released it
                    self._nack(queued, now)
            if expired:
                self.notify()

    async def wait_for_change(self, until: float | None = None) -> None:
        """Return when something has changed here, or at the given time; callers look again either way."""
        change = self._change
        seconds = None if until is None else max(0.0, until - time.time())
        try:
            await asyncio.wait_for(change.wait(), seconds)
        except TimeoutError:
            return

    def notify(self) -> None:
        """Wake all that wait for a change."""
        self._change, change = asyncio.Event(), self._change
        change.set()

    def _found(self, ack_ids: Iterable[str]) -> Iterable[QueuedMessage]:
        for ack_id in ack_ids:
            queued = self.backlog.find(ack_id)
            if queued:
                yield queued

    def _nack(self, queued: QueuedMessage, now: float) -> None:
        dead_letter = self.policy.dead_letter
        is_exhausted = self.backlog.nack(queued, now=now)
        if is_exhausted and dead_letter and self._forward(queued, dead_letter.topic):
            self.backlog.acknowledge(queued)
        else:
            self._store.record_failure(self.name, queued)

    def _forward(self, queued: QueuedMessage, topic: str) -> bool:
        return self._store.forward_dead_letter(self.name, queued, topic=topic)
