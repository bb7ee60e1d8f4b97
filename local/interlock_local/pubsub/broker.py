"""All topics and subscriptions: publishing fans out to the subscriptions' queues, and every change is kept durably."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from interlock_local.pubsub.backlog import QueuedMessage
from interlock_local.pubsub.durable_store import DurableStore
from interlock_local.pubsub.errors import already_exists, no_project, not_found
from interlock_local.pubsub.message import PublishedMessage, as_dead_letter
from interlock_local.pubsub.resources import DELETED_TOPIC, Subscription, Topic, message_from_bytes, message_resource
from interlock_local.pubsub.subscription_queue import SubscriptionQueue

NUMBERS_PER_SECOND = 1_000_000

StartWorkers = Callable[[SubscriptionQueue], None]
"""Called with each queue that is opened, to start what expires its leases and pushes its messages."""


class Broker:
    """The whole state in memory; every change is written to the store in the order it was made."""

    def __init__(self, store: DurableStore, start_workers: StartWorkers, *, project: str | None = None) -> None:
        self.topics: dict[str, Any] = {}
        self.queues: dict[str, SubscriptionQueue] = {}
        self.store = store
        self._start_workers = start_workers
        self._project = project
        # Numbers start at the clock, so that none repeats an earlier process's, even if all its messages are gone.
        self._last_number = int(time.time() * NUMBERS_PER_SECOND)
        self._boot_id = format(self._last_number, "x")
        self._open_deliveries: Counter[int] = Counter()

    def load(self) -> None:
        """Restore the state that an earlier process stored."""
        for _, document in self.store.read("SELECT name, document FROM topic"):
            topic = Topic.FromString(document)
            self.topics[topic.name] = topic
        for _, document in self.store.read("SELECT name, document FROM subscription"):
            self._open(Subscription.FromString(document))
        rows = self.store.read("SELECT number, document FROM message")
        messages = {number: message_from_bytes(number, document) for number, document in rows}
        for name, number, failures, due in self.store.read("SELECT * FROM delivery ORDER BY number"):
            self.queues[name].add(messages[number], failures=failures, due=due)
            self._open_deliveries[number] += 1
        self._last_number = max([self._last_number, *messages])

    def create_topic(self, topic: Any) -> None:
        """Add a topic; raise ApiError if there is one of this name."""
        self._check_project(topic.name)
        if topic.name in self.topics:
            raise already_exists(topic.name)
        self.put_topic(topic)

    def put_topic(self, topic: Any) -> None:
        """Add or replace a topic."""
        self.topics[topic.name] = topic
        self.store.write("INSERT OR REPLACE INTO topic VALUES (?, ?)", topic.name, topic.SerializeToString())

    def topic(self, name: str) -> Any:
        """Return the topic; raise ApiError if there is none."""
        if name not in self.topics:
            raise not_found(name)
        return self.topics[name]

    def delete_topic(self, name: str) -> None:
        """Delete a topic; its subscriptions stay and go on delivering what they have."""
        self.topic(name)
        del self.topics[name]
        self.store.write("DELETE FROM topic WHERE name = ?", name)
        for queue in self.queues_of(name):
            detached = Subscription()
            detached.CopyFrom(queue.subscription)
            detached.topic = DELETED_TOPIC
            queue.update(detached)
            self._write_subscription(detached)

    def queues_of(self, topic: str) -> list[SubscriptionQueue]:
        """Return the queues of all subscriptions of a topic."""
        return [queue for queue in self.queues.values() if queue.subscription.topic == topic]

    def create_subscription(self, subscription: Any) -> None:
        """Add a subscription; raise ApiError if there is one of this name, or no such topic."""
        self._check_project(subscription.name)
        if subscription.name in self.queues:
            raise already_exists(subscription.name)
        self.topic(subscription.topic)
        self._check_dead_letter_topic(subscription)
        self._open(subscription)
        self._write_subscription(subscription)

    def put_subscription(self, subscription: Any) -> None:
        """Replace a subscription."""
        self._check_dead_letter_topic(subscription)
        self.queue(subscription.name).update(subscription)
        self._write_subscription(subscription)

    def queue(self, name: str) -> SubscriptionQueue:
        """Return the subscription's queue; raise ApiError if there is none."""
        if name not in self.queues:
            raise not_found(name)
        return self.queues[name]

    def delete_subscription(self, name: str) -> None:
        """Delete a subscription with all that it has not delivered."""
        queue = self.queue(name)
        del self.queues[name]
        queue.close()
        self.store.write("DELETE FROM subscription WHERE name = ?", name)
        for queued in list(queue.backlog.messages.values()):
            self.remove_delivery(name, queued.message)

    def publish(self, topic: str, messages: Iterable[Any]) -> list[str]:
        """Number the messages and fan them out; they survive this process once the store is flushed."""
        self.topic(topic)
        now = datetime.now(UTC)
        published = [
            PublishedMessage(self._next_number(), now, message.data, dict(message.attributes), message.ordering_key)
            for message in messages
        ]
        for message in published:
            self._fan_out(topic, message)
        return [str(message.number) for message in published]

    def record_failure(self, subscription: str, queued: QueuedMessage) -> None:
        """Keep the count of failures and the time of the next delivery."""
        self.store.write(
            "UPDATE delivery SET failures = ?, due = ? WHERE subscription = ? AND number = ?",
            *(queued.failures, queued.due, subscription, queued.message.number),
        )

    def remove_delivery(self, subscription: str, message: PublishedMessage) -> None:
        """Remove a delivery, and with its last delivery the message."""
        self.store.write("DELETE FROM delivery WHERE subscription = ? AND number = ?", subscription, message.number)
        self._open_deliveries[message.number] -= 1
        if self._open_deliveries[message.number] <= 0:
            del self._open_deliveries[message.number]
            self.store.write("DELETE FROM message WHERE number = ?", message.number)

    def forward_dead_letter(self, subscription: str, queued: QueuedMessage, *, topic: str) -> bool:
        """Publish the message on the dead-letter topic; without such a topic it stays, so that it is not lost."""
        if topic not in self.topics:
            return False
        dead_letter = as_dead_letter(
            queued.message,
            subscription=subscription,
            deliveries=queued.failures,
            number=self._next_number(),
            now=datetime.now(UTC),
        )
        self._fan_out(topic, dead_letter)
        self.remove_delivery(subscription, queued.message)
        return True

    def _check_project(self, name: str) -> None:
        project = name.split("/")[1]
        if self._project not in {None, project}:
            raise no_project(project)

    def _check_dead_letter_topic(self, subscription: Any) -> None:
        topic = subscription.dead_letter_policy.dead_letter_topic
        if topic:
            self.topic(topic)

    def _next_number(self) -> int:
        self._last_number += 1
        return self._last_number

    def _fan_out(self, topic: str, message: PublishedMessage) -> None:
        queues = [queue for queue in self.queues_of(topic) if queue.accepts(message.attributes)]
        if not queues:
            return
        document = message_resource(message).SerializeToString()
        self.store.write("INSERT INTO message VALUES (?, ?)", message.number, document)
        self._open_deliveries[message.number] = len(queues)
        for queue in queues:
            self.store.write("INSERT INTO delivery VALUES (?, ?, 0, 0)", queue.name, message.number)
            queue.add(message)

    def _open(self, subscription: Any) -> None:
        queue = SubscriptionQueue(subscription, self, boot_id=self._boot_id)
        self.queues[queue.name] = queue
        self._start_workers(queue)

    def _write_subscription(self, subscription: Any) -> None:
        document = subscription.SerializeToString()
        self.store.write("INSERT OR REPLACE INTO subscription VALUES (?, ?)", subscription.name, document)
