"""Delivers a push subscription: posts what is due, a bounded number at a time, and acks or nacks by the answer."""

import asyncio
import logging

from interlock_local.pubsub.backlog import Lease
from interlock_local.pubsub.push_body import push_body
from interlock_local.pubsub.push_client import PushClient, PushFailed
from interlock_local.pubsub.push_window import PushWindow
from interlock_local.pubsub.subscription_queue import HOLDER_IDS, SubscriptionQueue

ACK_STATUSES = frozenset({200, 201, 202, 204})
"""Google lists 102 as well; a client of HTTP takes that for an interim answer and goes by the final one."""
LEASE_MARGIN_SECONDS = 5.0
"""A lease outlives its request, so that the answer alone decides about a delivery."""

log = logging.getLogger("interlock_local.pubsub.push")


class PushWorker:
    """One per subscription; it idles as long as that is a pull subscription."""

    def __init__(self, queue: SubscriptionQueue, client: PushClient) -> None:
        self._queue = queue
        self._client = client
        self._holder = next(HOLDER_IDS)
        self._deliveries: set[asyncio.Task[None]] = set()
        self._window = PushWindow()

    async def run(self) -> None:
        """Push until the subscription is deleted or this is cancelled; then what is in flight is cancelled, too."""
        try:
            while not self._queue.is_closed:
                if not self._push_due():
                    has_room = self._queue.policy.push and len(self._deliveries) < self._window.size
                    await self._queue.wait_for_change(self._queue.backlog.next_due() if has_room else None)
        finally:
            for task in self._deliveries:
                task.cancel()
            await asyncio.gather(*self._deliveries, return_exceptions=True)

    def _push_due(self) -> bool:
        push, seconds = self._queue.policy.push, self._queue.policy.ack_deadline_seconds
        limit = self._window.size - len(self._deliveries)
        if push is None or limit <= 0:
            return False
        leases = self._queue.lease(limit=limit, seconds=seconds + LEASE_MARGIN_SECONDS, holder=self._holder)
        for lease in leases:
            task = asyncio.create_task(self._deliver(lease, push.endpoint, seconds=seconds))
            self._deliveries.add(task)
            task.add_done_callback(self._done)
        return bool(leases)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._deliveries.discard(task)
        self._queue.notify()

    async def _deliver(self, lease: Lease, endpoint: str, *, seconds: float) -> None:
        counts_attempts = self._queue.policy.dead_letter is not None
        body = push_body(lease, subscription=self._queue.name, counts_attempts=counts_attempts)
        try:
            status = await self._client.post(endpoint, body, seconds=seconds)
        except PushFailed as error:
            self._failed(lease, str(error))
            return
        if status in ACK_STATUSES:
            self._window.succeeded()
            self._queue.acknowledge([lease.ack_id])
        else:
            self._failed(lease, str(status))

    def _failed(self, lease: Lease, reason: str) -> None:
        number, attempt = lease.message.number, lease.attempt
        log.info("%s: message %d was refused at attempt %d: %s", self._queue.name, number, attempt, reason)
        self._window.failed()
        self._queue.modify_ack_deadline([lease.ack_id], seconds=0)
