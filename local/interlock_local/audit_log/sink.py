"""Delivers a log entry as a log sink does: published whole on a Pub/Sub topic."""

from collections.abc import Mapping
from typing import Any

import msgspec
from google.cloud import pubsub_v1

TIMEOUT_SECONDS = 15


class LogSink:
    """One sink with one topic; Google's client finds the emulator through PUBSUB_EMULATOR_HOST."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        # A batch never holds more than one entry, so it does not wait for another.
        self._publisher = pubsub_v1.PublisherClient(pubsub_v1.types.BatchSettings(max_messages=1))

    def deliver(self, entry: Mapping[str, Any]) -> None:
        """Return once the topic has acknowledged; raise for anything else."""
        attributes = {"logging.googleapis.com/timestamp": entry["timestamp"]}
        data = msgspec.json.encode(entry)
        # The delivery worker retries; the client's own retry would hide the failure for minutes.
        publish = self._publisher.publish(self._topic, data, retry=None, timeout=TIMEOUT_SECONDS, **attributes)
        publish.result(timeout=TIMEOUT_SECONDS)
