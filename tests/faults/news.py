"""All status events from its start on, as often as they were told."""

import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.stack import Tail

PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Told:
    """One status event as it came: the id of its CloudEvent and its body."""

    event_id: str
    body: dict[str, Any]


@dataclass
class News:
    """Listens for several threads at once."""

    tail: Tail
    told: list[Told] = field(default_factory=list)
    listened_at: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, release_id: str) -> list[Told]:
        """Return what was told of the release so far, in the order it came, repetitions too."""
        with self.lock:
            if time.monotonic() - self.listened_at > PAUSE_SECONDS:
                self._listen()
                self.listened_at = time.monotonic()
            return self._known(release_id)

    def has(self, release_id: str, state: str) -> bool:
        """Whether the state was told; what is known already costs no call, for an empty pull takes its time."""
        return any(one.body["state"] == state for look in (self._known, self.of) for one in look(release_id))

    def _known(self, release_id: str) -> list[Told]:
        return [one for one in self.told if one.body["release_id"] == release_id]

    def _listen(self) -> None:
        answer = self.tail.subscriber.pull(subscription=self.tail.subscription, max_messages=1000, timeout=10)
        received = list(answer.received_messages)
        self.told += [Told(one.message.attributes["ce-id"], json.loads(one.message.data)) for one in received]
        if received:
            ids = [one.ack_id for one in received]
            self.tail.subscriber.acknowledge(subscription=self.tail.subscription, ack_ids=ids, timeout=10)
