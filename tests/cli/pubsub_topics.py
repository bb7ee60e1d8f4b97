"""A Pub/Sub of our own with Interlock's topics, for commands that publish."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
from google.api_core.exceptions import AlreadyExists
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

from interlock_local.stack import names
from tests.contract.pubsub_servers import embedded


@contextmanager
def pubsub_with_topics(state: Path) -> Iterator[str]:
    """Run it; yield its address."""
    with embedded(state) as address, grpc.insecure_channel(address) as channel:
        client = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
        for topic in (names.REQUESTS, names.STATUS, names.DEAD_LETTERS):
            try:
                client.create_topic(name=topic, timeout=10)
            except AlreadyExists:
                continue
        yield address
