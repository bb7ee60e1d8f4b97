"""One subscription at work: its backlog with a clock, kept in the journal, and those who wait for messages."""

import asyncio
import itertools
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from interlock_local.pubsub.backlog import Backlog, Entry, Lease
from interlock_local.pubsub.letter import Letter
from interlock_local.pubsub.resources import predicate_of, terms_of
from interlock_local.pubsub.terms import Terms

HOLDERS = itertools.count(1)


class Store(Protocol):
    """What a feed needs from its server."""

    def failed(self, subscription: str, entry: Entry) -> None:
        """Keeps the count and the time of the next delivery."""

    def settle(self, subscription: str, letter: Letter) -> None:
        """Forgets a delivery that is done with."""

    def bury(self, subscription: str, entry: Entry, *, topic: str) -> bool:
        """Puts it on the dead-letter topic; False where there is none."""


class Feed:
    """Everything that happens to a subscription passes here, on the event loop's thread."""

    def __init__(self, subscription: Any, store: Store, *, boot: str) -> None:
        self.subscription = subscription
        self.accepts = predicate_of(subscription)
        self.backlog = Backlog(terms_of(subscription), boot)
        self.is_closed = False
        self._store = store
        self._change = asyncio.Event()

    @property
    def name(self) -> str:
        """The subscription's full name."""
        return str(self.subscription.name)

    @property
    def terms(self) -> Terms:
        """What it promises now."""
        return self.backlog.terms

    def update(self, subscription: Any) -> None:
        """New terms, for what waits already too."""
        self.backlog.terms = terms_of(subscription)
        self.subscription = subscription
        self.notify()

    def close(self) -> None:
        """Deleted: whoever waits is told."""
        self.is_closed = True
        self.notify()

    def add(self, letter: Letter, *, failures: int = 0, due: float = 0.0) -> None:
        """One more to deliver."""
        self.backlog.add(letter, failures=failures, due=due)
        self.notify()

    def take(self, *, limit: int, seconds: float, holder: int = 0, room: int | None = None) -> list[Lease]:
        """Leases what is due for so many seconds."""
        now = time.time()
        return self.backlog.take(now, limit=limit, until=now + seconds, holder=holder, room=room)

    def acknowledge(self, ack_ids: Iterable[str]) -> None:
        """Done with these; ids that no longer count are passed over, as Google does."""
        for entry in self._found(ack_ids):
            self.backlog.acknowledge(entry)
            self._store.settle(self.name, entry.letter)
        self.notify()

    def modify(self, ack_ids: Iterable[str], *, seconds: float) -> None:
        """More time for these, or none at all: then they come again."""
        now = time.time()
        for entry in self._found(ack_ids):
            if seconds > 0:
                self.backlog.extend(entry, until=now + seconds)
            else:
                self._refuse(entry, now)
        self.notify()

    async def keep_time(self) -> None:
        """Takes back what was not acknowledged in time, until the subscription is deleted."""
        while not self.is_closed:
            await self.change(self.backlog.next_deadline())
            now = time.time()
            expired = self.backlog.expired(now)
            for entry in expired:
                if entry.lease:
                    self._refuse(entry, now)
            if expired:
                self.notify()

    async def change(self, until: float | None = None) -> None:
        """Returns when something happened here, or at a time; possibly for nothing."""
        event = self._change
        seconds = None if until is None else max(0.0, until - time.time())
        try:
            await asyncio.wait_for(event.wait(), seconds)
        except TimeoutError:
            return

    def notify(self) -> None:
        """Wakes all who wait."""
        self._change, event = asyncio.Event(), self._change
        event.set()

    def _found(self, ack_ids: Iterable[str]) -> Iterable[Entry]:
        for ack_id in ack_ids:
            entry = self.backlog.find(ack_id)
            if entry:
                yield entry

    def _refuse(self, entry: Entry, now: float) -> None:
        policy = self.terms.dead_letter
        is_exhausted = self.backlog.refuse(entry, now=now)
        if is_exhausted and policy and self._store.bury(self.name, entry, topic=policy.topic):
            self.backlog.acknowledge(entry)
        else:
            self._store.failed(self.name, entry)


Spawn = Callable[[Feed], None]
