"""Delivers a push subscription: posts what is due, a bounded number at a time, and settles by the answer."""

import asyncio
import logging

from interlock_local.pubsub.backlog import Lease
from interlock_local.pubsub.envelope import ACKNOWLEDGING, envelope
from interlock_local.pubsub.feed import HOLDERS, Feed
from interlock_local.pubsub.post import PostFailed, post
from interlock_local.pubsub.window import Window

MARGIN_SECONDS = 5.0
"""A lease outlives its request, so that a delivery is settled once, by its answer."""

log = logging.getLogger("interlock_local.pubsub.push")


class Pusher:
    """One per subscription; idle as long as it is a pull subscription."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._holder = next(HOLDERS)
        self._posts: set[asyncio.Task[None]] = set()
        self._window = Window()

    async def run(self) -> None:
        """Until the subscription is deleted."""
        try:
            while not self._feed.is_closed:
                if not self._send_due():
                    is_free = self._feed.terms.push and len(self._posts) < self._window.size
                    await self._feed.change(self._feed.backlog.next_due() if is_free else None)
        finally:
            for task in self._posts:
                task.cancel()

    def _send_due(self) -> bool:
        push, seconds = self._feed.terms.push, self._feed.terms.ack_seconds
        limit = self._window.size - len(self._posts)
        if push is None or limit <= 0:
            return False
        leases = self._feed.take(limit=limit, seconds=seconds + MARGIN_SECONDS, holder=self._holder)
        for lease in leases:
            task = asyncio.create_task(self._deliver(lease, push.endpoint, seconds=seconds))
            self._posts.add(task)
            task.add_done_callback(self._done)
        return bool(leases)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._posts.discard(task)
        self._feed.notify()

    async def _deliver(self, lease: Lease, endpoint: str, *, seconds: float) -> None:
        counts = self._feed.terms.dead_letter is not None
        body = envelope(lease, subscription=self._feed.name, counts_attempts=counts)
        try:
            status = await post(endpoint, body, seconds=seconds)
        except PostFailed as error:
            self._failed(lease, str(error))
            return
        if status in ACKNOWLEDGING:
            self._window.succeeded()
            self._feed.acknowledge([lease.ack_id])
        else:
            self._failed(lease, str(status))

    def _failed(self, lease: Lease, reason: str) -> None:
        number, attempt = lease.letter.number, lease.attempt
        log.info("%s: message %d was refused at attempt %d: %s", self._feed.name, number, attempt, reason)
        self._window.failed()
        self._feed.modify([lease.ack_id], seconds=0)
