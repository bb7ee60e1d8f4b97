"""google.pubsub.v1.Subscriber.StreamingPull: messages one way, settling and flow control the other."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from google import pubsub_v1

from interlock_local.pubsub.feed import HOLDERS, Feed
from interlock_local.pubsub.hub import Hub
from interlock_local.pubsub.refusal import invalid, not_found
from interlock_local.pubsub.subscriber import received

Response = pubsub_v1.StreamingPullResponse.pb()

BATCH = 100
UNLIMITED = 1_000_000_000


class Stream:
    """One open stream; it holds no more messages and bytes than its first request allows."""

    def __init__(self, feed: Feed, first: Any) -> None:
        if not 10 <= first.stream_ack_deadline_seconds <= 600:
            raise invalid("stream_ack_deadline_seconds is between 10 and 600 in the first request of a stream.")
        self._feed = feed
        self._seconds = first.stream_ack_deadline_seconds
        self._most = first.max_outstanding_messages if first.max_outstanding_messages > 0 else UNLIMITED
        self._room = first.max_outstanding_bytes if first.max_outstanding_bytes > 0 else UNLIMITED
        self._holder = next(HOLDERS)
        self.is_ended = False
        self.error: BaseException | None = None

    def settle(self, request: Any) -> None:
        """What a later request says about messages."""
        if request.stream_ack_deadline_seconds:
            self._seconds = request.stream_ack_deadline_seconds
        self._feed.acknowledge(request.ack_ids)
        for ack_id, seconds in zip(request.modify_deadline_ack_ids, request.modify_deadline_seconds, strict=True):
            self._feed.modify([ack_id], seconds=seconds)

    async def read(self, requests: AsyncIterator[Any]) -> None:
        """Until the client closes its half."""
        try:
            async for request in requests:
                self.settle(request)
        finally:
            self.is_ended = True
            self._feed.notify()

    async def responses(self) -> AsyncIterator[Any]:
        """Messages as they become due, while the client has room."""
        while not self.is_ended:
            if self._feed.is_closed:
                raise not_found(self._feed.name)
            leases = self._take()
            if leases:
                yield Response(
                    received_messages=[received(self._feed, lease) for lease in leases],
                    subscription_properties={"message_ordering_enabled": self._feed.terms.is_ordered},
                )
                continue
            await self._feed.change(self._feed.backlog.next_due() if self._limit() > 0 else None)

    def _limit(self) -> int:
        count, size = self._feed.backlog.held_by(self._holder)
        return min(BATCH, self._most - count) if size < self._room else 0

    def _take(self) -> list[Any]:
        limit = self._limit()
        if limit <= 0 or self._feed.terms.push:
            return []
        _, size = self._feed.backlog.held_by(self._holder)
        return self._feed.take(limit=limit, seconds=self._seconds, holder=self._holder, room=self._room - size)


async def streaming_pull(hub: Hub, requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
    """One call; the first request names the subscription, later ones only settle."""
    first = await anext(aiter(requests))
    stream = Stream(hub.feed(first.subscription), first)
    reading = asyncio.create_task(stream.read(requests))
    try:
        async for response in stream.responses():
            yield response
    finally:
        reading.cancel()
