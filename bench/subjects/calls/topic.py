"""Pub/Sub's call as a release makes it, through its GAPIC client: one message, confirmed before it returns."""

from functools import cache

from google.pubsub_v1 import PublisherClient

from bench.subjects.calls.credentials import credentials

_TOPIC = "projects/bench/topics/release-status"


@cache
def _client() -> PublisherClient:
    return PublisherClient(credentials=credentials())


def publish() -> None:
    """Publish a message as long as a status event."""
    message = {"data": b"x" * 500, "attributes": {f"attribute-{number}": "x" * 20 for number in range(11)}}
    _client().publish(request={"topic": _TOPIC, "messages": [message]}, retry=None, timeout=30)
