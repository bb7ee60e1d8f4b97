"""google.pubsub.v1.Subscriber.StreamingPull: messages one way; acknowledgements and deadlines the other."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from google import pubsub_v1

from interlock_local.pubsub.backlog import Lease
from interlock_local.pubsub.broker import Broker
from interlock_local.pubsub.errors import invalid, not_found
from interlock_local.pubsub.subscriber import received_message
from interlock_local.pubsub.subscription_queue import HOLDER_IDS, SubscriptionQueue

StreamingPullResponse = pubsub_v1.StreamingPullResponse.pb()

MESSAGES_PER_RESPONSE = 100
UNLIMITED = 1_000_000_000


class PullStream:
    """One open stream, with the flow control that its first request asks for: so many messages and bytes at once."""

    def __init__(self, queue: SubscriptionQueue, first: Any) -> None:
        if not 10 <= first.stream_ack_deadline_seconds <= 600:
            raise invalid("stream_ack_deadline_seconds is between 10 and 600 in the first request of a stream.")
        self._queue = queue
        self._ack_deadline_seconds = first.stream_ack_deadline_seconds
        self._max_messages = first.max_outstanding_messages if first.max_outstanding_messages > 0 else UNLIMITED
        self._max_bytes = first.max_outstanding_bytes if first.max_outstanding_bytes > 0 else UNLIMITED
        self._holder = next(HOLDER_IDS)
        self._is_ended = False

    def apply(self, request: Any) -> None:
        """Apply what a later request says about messages."""
        if request.stream_ack_deadline_seconds:
            self._ack_deadline_seconds = request.stream_ack_deadline_seconds
        self._queue.acknowledge(request.ack_ids)
        for ack_id, seconds in zip(request.modify_deadline_ack_ids, request.modify_deadline_seconds, strict=True):
            self._queue.modify_ack_deadline([ack_id], seconds=seconds)

    async def read(self, requests: AsyncIterator[Any]) -> None:
        """Apply requests until the client closes its half of the stream."""
        try:
            async for request in requests:
                self.apply(request)
        finally:
            self._is_ended = True
            self._queue.notify()

    async def responses(self) -> AsyncIterator[Any]:
        """Yield messages as they become due, as far as flow control allows."""
        while not self._is_ended:
            if self._queue.is_closed:
                raise not_found(self._queue.name)
            leases = self._lease()
            if leases:
                yield StreamingPullResponse(
                    received_messages=[received_message(self._queue, lease) for lease in leases],
                    subscription_properties={"message_ordering_enabled": self._queue.policy.is_ordered},
                )
                continue
            await self._queue.wait_for_change(self._queue.backlog.next_due() if self._limit() > 0 else None)

    def _limit(self) -> int:
        count, size = self._queue.backlog.leased_to(self._holder)
        return min(MESSAGES_PER_RESPONSE, self._max_messages - count) if size < self._max_bytes else 0

    def _lease(self) -> list[Lease]:
        limit = self._limit()
        if limit <= 0 or self._queue.policy.push:
            return []
        _, size = self._queue.backlog.leased_to(self._holder)
        return self._queue.lease(
            limit=limit,
            seconds=self._ack_deadline_seconds,
            holder=self._holder,
            byte_budget=self._max_bytes - size,
        )


async def streaming_pull(broker: Broker, requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
    """Answer one call; its first request names the subscription."""
    first = await anext(aiter(requests))
    stream = PullStream(broker.queue(first.subscription), first)
    reading = asyncio.create_task(stream.read(requests))
    try:
        async for response in stream.responses():
            yield response
    finally:
        reading.cancel()
