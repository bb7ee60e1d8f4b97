"""Delivers a log entry as a log sink does: published whole on a Pub/Sub topic."""

from collections.abc import Mapping
from typing import Any

import msgspec
from google.cloud import pubsub_v1

TIMEOUT_SECONDS = 15


class SinkRoute:
    """One sink with one topic; Google's client finds the emulator by its own setting."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        # One entry is all a batch will ever hold, so it need not wait for more.
        self._publisher = pubsub_v1.PublisherClient(pubsub_v1.types.BatchSettings(max_messages=1))

    def deliver(self, entry: Mapping[str, Any]) -> None:
        """Returns once the topic has acknowledged; anything else raises."""
        stamp = {"logging.googleapis.com/timestamp": entry["timestamp"]}
        data = msgspec.json.encode(entry)
        # The outbox repeats; the client's own repetition would only hide the failure for minutes.
        publish = self._publisher.publish(self._topic, data, retry=None, timeout=TIMEOUT_SECONDS, **stamp)
        publish.result(timeout=TIMEOUT_SECONDS)
