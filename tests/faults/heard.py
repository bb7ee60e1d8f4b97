"""What somebody who listened to the status topic has heard."""

import json
from collections import defaultdict
from dataclasses import dataclass, field

from tests.e2e.stack import Tail


@dataclass
class Heard:
    """How each release was told closed (states by event id), when first told queued, and how many events came."""

    closed: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    queued: dict[str, float] = field(default_factory=dict)
    events: int = 0

    def take(self, event: dict[str, str], event_id: str, told_at: float) -> None:
        """Take one status event in, published at this time (seconds since the epoch)."""
        self.events += 1
        if event["state"] == "queued":
            self.queued.setdefault(event["release_id"], told_at)
        elif event.get("outcome"):
            self.closed[event["release_id"]][event_id] = event["state"]

    def listen(self, tail: Tail) -> None:
        """Take in what has come since the last time."""
        found = tail.subscriber.pull(subscription=tail.subscription, max_messages=1000, timeout=30).received_messages
        for one in found:
            message = one.message
            self.take(json.loads(message.data), message.attributes["ce-id"], message.publish_time.timestamp())
        if found:
            ids = [one.ack_id for one in found]
            tail.subscriber.acknowledge(subscription=tail.subscription, ack_ids=ids, timeout=30)
