"""What somebody who listened to the status topic has heard."""

import json
from collections import defaultdict
from dataclasses import dataclass, field

from tests.e2e.stack import Tail


@dataclass
class Heard:
    """In which closing states each release was told, when it was first told queued, and how many events came."""

    closed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    queued: dict[str, float] = field(default_factory=dict)
    events: int = 0

    def take(self, event: dict[str, str], told_at: float) -> None:
        """Take one status event in, published at this time (seconds since the epoch)."""
        self.events += 1
        if event["state"] == "queued":
            self.queued.setdefault(event["release_id"], told_at)
        elif event.get("outcome"):
            self.closed[event["release_id"]].add(event["state"])

    def listen(self, tail: Tail) -> None:
        """Take in what has come since the last time."""
        found = tail.subscriber.pull(subscription=tail.subscription, max_messages=1000, timeout=30).received_messages
        for one in found:
            self.take(json.loads(one.message.data), one.message.publish_time.timestamp())
        if found:
            ids = [one.ack_id for one in found]
            tail.subscriber.acknowledge(subscription=tail.subscription, ack_ids=ids, timeout=30)
