"""Topics and subscriptions: who publishes where, who gets it, and what of it is kept."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from interlock_local.pubsub.backlog import Entry
from interlock_local.pubsub.feed import Feed, Spawn
from interlock_local.pubsub.journal import Journal
from interlock_local.pubsub.letter import Letter, dead_letter
from interlock_local.pubsub.refusal import already_exists, no_project, not_found
from interlock_local.pubsub.resources import DELETED_TOPIC, PubsubMessage, Subscription, Topic

NUMBERS_PER_SECOND = 1_000_000


class Hub:
    """The whole state; every change goes to the journal in the order it was made."""

    def __init__(self, journal: Journal, spawn: Spawn, *, project: str | None = None) -> None:
        self.topics: dict[str, Any] = {}
        self.feeds: dict[str, Feed] = {}
        self.journal = journal
        self._spawn = spawn
        self._project = project
        # The clock makes numbers that no earlier run has used, even if all its messages are gone.
        self._number = int(time.time() * NUMBERS_PER_SECOND)
        self._boot = format(self._number, "x")
        self._copies: Counter[int] = Counter()

    def load(self) -> None:
        """Takes up what an earlier process left."""
        for _, document in self.journal.read("SELECT name, document FROM topic"):
            topic = Topic.FromString(document)
            self.topics[topic.name] = topic
        for _, document in self.journal.read("SELECT name, document FROM subscription"):
            self._open(Subscription.FromString(document))
        rows = self.journal.read("SELECT number, document FROM message")
        letters = {number: _letter(number, document) for number, document in rows}
        for name, number, failures, due in self.journal.read("SELECT * FROM delivery ORDER BY number"):
            self.feeds[name].add(letters[number], failures=failures, due=due)
            self._copies[number] += 1
        self._number = max([self._number, *letters])

    def create_topic(self, topic: Any) -> None:
        """Refuses a doubled name."""
        self._check_project(topic.name)
        if topic.name in self.topics:
            raise already_exists(topic.name)
        self.put_topic(topic)

    def put_topic(self, topic: Any) -> None:
        """Makes or replaces it."""
        self.topics[topic.name] = topic
        self.journal.write("INSERT OR REPLACE INTO topic VALUES (?, ?)", topic.name, topic.SerializeToString())

    def topic(self, name: str) -> Any:
        """The topic, or a refusal."""
        if name not in self.topics:
            raise not_found(name)
        return self.topics[name]

    def delete_topic(self, name: str) -> None:
        """Its subscriptions stay, with what they hold."""
        self.topic(name)
        del self.topics[name]
        self.journal.write("DELETE FROM topic WHERE name = ?", name)
        for feed in self.feeds_of(name):
            orphan = Subscription()
            orphan.CopyFrom(feed.subscription)
            orphan.topic = DELETED_TOPIC
            feed.update(orphan)
            self._keep(orphan)

    def feeds_of(self, topic: str) -> list[Feed]:
        """All subscriptions of a topic."""
        return [feed for feed in self.feeds.values() if feed.subscription.topic == topic]

    def create_subscription(self, subscription: Any) -> None:
        """Refuses a doubled name and an unknown topic."""
        self._check_project(subscription.name)
        if subscription.name in self.feeds:
            raise already_exists(subscription.name)
        self.topic(subscription.topic)
        self._check_dead_letter_topic(subscription)
        self._open(subscription)
        self._keep(subscription)

    def put_subscription(self, subscription: Any) -> None:
        """Replaces it."""
        self._check_dead_letter_topic(subscription)
        self.feed(subscription.name).update(subscription)
        self._keep(subscription)

    def feed(self, name: str) -> Feed:
        """The subscription, or a refusal."""
        if name not in self.feeds:
            raise not_found(name)
        return self.feeds[name]

    def delete_subscription(self, name: str) -> None:
        """With all that it has not delivered."""
        feed = self.feed(name)
        del self.feeds[name]
        feed.close()
        self.journal.write("DELETE FROM subscription WHERE name = ?", name)
        for entry in list(feed.backlog.entries.values()):
            self.settle(name, entry.letter)

    def publish(self, topic: str, messages: Iterable[Any]) -> list[str]:
        """Gives ids and hands a copy to every subscription; kept once the journal has settled."""
        self.topic(topic)
        now = datetime.now(UTC)
        letters = [
            self._new(message.data, message.attributes, key=message.ordering_key, now=now) for message in messages
        ]
        for letter in letters:
            self._spread(topic, letter)
        return [str(letter.number) for letter in letters]

    def failed(self, subscription: str, entry: Entry) -> None:
        """Keeps the count and the time of the next delivery."""
        self.journal.write(
            "UPDATE delivery SET failures = ?, due = ? WHERE subscription = ? AND number = ?",
            *(entry.failures, entry.due, subscription, entry.letter.number),
        )

    def settle(self, subscription: str, letter: Letter) -> None:
        """Forgets a delivery that is done with, and with the last one the message."""
        self.journal.write("DELETE FROM delivery WHERE subscription = ? AND number = ?", subscription, letter.number)
        self._copies[letter.number] -= 1
        if self._copies[letter.number] <= 0:
            del self._copies[letter.number]
            self.journal.write("DELETE FROM message WHERE number = ?", letter.number)

    def bury(self, subscription: str, entry: Entry, *, topic: str) -> bool:
        """Puts it on the dead-letter topic; False where there is none, so that it is not lost."""
        if topic not in self.topics:
            return False
        self._number += 1
        now = datetime.now(UTC)
        buried = dead_letter(
            entry.letter, subscription=subscription, deliveries=entry.failures, number=self._number, now=now
        )
        self._spread(topic, buried)
        self.settle(subscription, entry.letter)
        return True

    def _check_project(self, name: str) -> None:
        project = name.split("/")[1]
        if self._project not in {None, project}:
            raise no_project(project)

    def _check_dead_letter_topic(self, subscription: Any) -> None:
        topic = subscription.dead_letter_policy.dead_letter_topic
        if topic:
            self.topic(topic)

    def _new(self, data: bytes, attributes: Mapping[str, str], *, key: str, now: datetime) -> Letter:
        self._number += 1
        return Letter(self._number, now, data, dict(attributes), key)

    def _spread(self, topic: str, letter: Letter) -> None:
        feeds = [feed for feed in self.feeds_of(topic) if feed.accepts(letter.attributes)]
        if not feeds:
            return
        document = message_of(letter).SerializeToString()
        self.journal.write("INSERT INTO message VALUES (?, ?)", letter.number, document)
        self._copies[letter.number] = len(feeds)
        for feed in feeds:
            self.journal.write("INSERT INTO delivery VALUES (?, ?, 0, 0)", feed.name, letter.number)
            feed.add(letter)

    def _open(self, subscription: Any) -> None:
        feed = Feed(subscription, self, boot=self._boot)
        self.feeds[feed.name] = feed
        self._spawn(feed)

    def _keep(self, subscription: Any) -> None:
        document = subscription.SerializeToString()
        self.journal.write("INSERT OR REPLACE INTO subscription VALUES (?, ?)", subscription.name, document)


def message_of(letter: Letter) -> Any:
    """Google's form of it."""
    message = PubsubMessage(
        data=letter.data, attributes=letter.attributes, message_id=str(letter.number), ordering_key=letter.key
    )
    message.publish_time.FromDatetime(letter.publish_time)
    return message


def _letter(number: int, document: bytes) -> Letter:
    message = PubsubMessage.FromString(document)
    time_ = message.publish_time.ToDatetime(tzinfo=UTC)
    return Letter(number, time_, message.data, dict(message.attributes), message.ordering_key)
