"""The unacknowledged messages of one subscription: which is leased to whom until when, and which is due next.

It is bookkeeping only: the caller passes the clock in and keeps what has to survive the process.
"""

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from interlock_local.pubsub.message import PublishedMessage
from interlock_local.pubsub.subscription_policy import SubscriptionPolicy


@dataclass(frozen=True, slots=True)
class Lease:
    """One delivery of one message; a subscriber acknowledges it by its id."""

    ack_id: str
    message: PublishedMessage
    attempt: int
    holder: int


@dataclass(slots=True)
class QueuedMessage:
    """One message of the backlog; `failures` counts negative acknowledgements and deadlines that passed."""

    message: PublishedMessage
    failures: int = 0
    due: float = 0.0
    lease: Lease | None = None
    deadline: float = 0.0


@dataclass(slots=True)
class Backlog:
    """Messages by number. The heaps may hold entries that no longer count; each is compared when it is popped."""

    policy: SubscriptionPolicy
    boot_id: str = "0"
    messages: dict[int, QueuedMessage] = field(default_factory=dict)
    _numbers_by_key: dict[str, deque[int]] = field(default_factory=dict)
    _due: list[tuple[float, int]] = field(default_factory=list)
    _deadlines: list[tuple[float, int]] = field(default_factory=list)
    _leased_sizes: dict[int, dict[str, int]] = field(default_factory=dict)
    _lease_count: int = 0

    def add(self, message: PublishedMessage, *, failures: int = 0, due: float = 0.0) -> None:
        """Append a message; numbers rise, so that the order of adding is the order of publishing."""
        self.messages[message.number] = QueuedMessage(message, failures, due)
        if self._is_ordered(message):
            numbers = self._numbers_by_key.setdefault(message.ordering_key, deque())
            numbers.append(message.number)
            if len(numbers) > 1:
                return
        heapq.heappush(self._due, (due, message.number))

    def lease(
        self, now: float, *, limit: int, until: float, holder: int = 0, byte_budget: int | None = None
    ) -> list[Lease]:
        """Lease what is due; an ordering key is leased from its oldest message on, and to one holder at a time.

        A first message is leased whatever its size, as Google's flow control does: it would never be delivered else.
        """
        leases: list[Lease] = []
        for queued in self._due_messages(now):
            if len(leases) >= limit or (leases and byte_budget is not None and byte_budget < queued.message.size):
                heapq.heappush(self._due, (queued.due, queued.message.number))
                break
            for next_of_key in self._leased_together(queued, limit - len(leases)):
                leases.append(self._lease(next_of_key, until=until, holder=holder))
                byte_budget = None if byte_budget is None else byte_budget - next_of_key.message.size
        return leases

    def find(self, ack_id: str) -> QueuedMessage | None:
        """Return the message of a lease that still counts; None if the lease expired or was acknowledged."""
        number, _, rest = ack_id.partition("-")
        queued = self.messages.get(int(number)) if number.isdigit() else None
        if queued is None:
            return None
        if queued.lease is not None:
            return queued if queued.lease.ack_id == ack_id else None
        attempt, _, boot = rest.partition("-")
        survives_restart = attempt == str(queued.failures + 1) and boot.partition("-")[0] != self.boot_id
        return queued if survives_restart else None

    def acknowledge(self, queued: QueuedMessage) -> None:
        """Remove the message; the next of its ordering key becomes due."""
        self._release(queued)
        del self.messages[queued.message.number]
        if self._is_ordered(queued.message):
            self._numbers_by_key[queued.message.ordering_key].remove(queued.message.number)
            self._schedule_oldest(queued.message.ordering_key)

    def extend(self, queued: QueuedMessage, *, until: float) -> None:
        """Move the deadline of the message's lease."""
        queued.deadline = until
        heapq.heappush(self._deadlines, (until, queued.message.number))

    def nack(self, queued: QueuedMessage, *, now: float) -> bool:
        """Count a failed delivery and schedule the next; later messages of its ordering key are delivered again, too.

        Return True if the policy says that it has failed often enough: the caller has to forward and remove it.
        """
        queued.failures += 1
        queued.due = now + self.policy.retry.backoff_seconds(queued.failures)
        self._release(queued)
        if not self._is_ordered(queued.message):
            heapq.heappush(self._due, (queued.due, queued.message.number))
        else:
            for number in self._numbers_by_key[queued.message.ordering_key]:
                if number > queued.message.number:
                    self._release(self.messages[number])
            self._schedule_oldest(queued.message.ordering_key)
        return self.policy.is_exhausted(queued.failures)

    def expired(self, now: float) -> list[QueuedMessage]:
        """Return the messages whose lease passed its deadline."""
        found = []
        while self._deadlines and self._deadlines[0][0] <= now:
            deadline, number = heapq.heappop(self._deadlines)
            queued = self.messages.get(number)
            if queued and queued.lease and queued.deadline == deadline:
                found.append(queued)
        return found

    def next_due(self) -> float | None:
        """Return when to look for due messages again; it may be too early, never too late."""
        return self._due[0][0] if self._due else None

    def next_deadline(self) -> float | None:
        """Return when to look for expired leases again; it may be too early, never too late."""
        return self._deadlines[0][0] if self._deadlines else None

    def leased_to(self, holder: int) -> tuple[int, int]:
        """Return how many messages and bytes are leased to the holder."""
        sizes = self._leased_sizes.get(holder, {})
        return len(sizes), sum(sizes.values())

    def _due_messages(self, now: float) -> Iterator[QueuedMessage]:
        while self._due and self._due[0][0] <= now:
            due, number = heapq.heappop(self._due)
            queued = self.messages.get(number)
            if queued and queued.lease is None and queued.due == due:
                yield queued

    def _leased_together(self, oldest: QueuedMessage, limit: int) -> list[QueuedMessage]:
        if not self._is_ordered(oldest.message):
            return [oldest]
        numbers = self._numbers_by_key[oldest.message.ordering_key]
        length = 1 if self.policy.push else limit
        return [self.messages[number] for number, _ in zip(numbers, range(length), strict=False)]

    def _lease(self, queued: QueuedMessage, *, until: float, holder: int) -> Lease:
        self._lease_count += 1
        attempt = queued.failures + 1
        ack_id = f"{queued.message.number}-{attempt}-{self.boot_id}-{self._lease_count}"
        queued.lease = Lease(ack_id, queued.message, attempt, holder)
        self._leased_sizes.setdefault(holder, {})[ack_id] = queued.message.size
        self.extend(queued, until=until)
        return queued.lease

    def _release(self, queued: QueuedMessage) -> None:
        if queued.lease is None:
            return
        sizes = self._leased_sizes[queued.lease.holder]
        del sizes[queued.lease.ack_id]
        if not sizes:
            del self._leased_sizes[queued.lease.holder]
        queued.lease = None

    def _schedule_oldest(self, key: str) -> None:
        numbers = self._numbers_by_key[key]
        if not numbers:
            del self._numbers_by_key[key]
        else:  # a message that is leased is skipped when it comes up, until its lease ends
            oldest = self.messages[numbers[0]]
            heapq.heappush(self._due, (oldest.due, numbers[0]))

    def _is_ordered(self, message: PublishedMessage) -> bool:
        return self.policy.is_ordered and bool(message.ordering_key)
