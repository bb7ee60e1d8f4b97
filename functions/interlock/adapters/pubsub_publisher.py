"""Publishes on Pub/Sub with one unary call for all messages of a step; no batching thread, no wait for a batch."""

from collections.abc import Sequence
from functools import cached_property

import grpc
from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.types import PublishRequest, PubsubMessage

from interlock.ports import Outgoing, PublishFailed

_TIMEOUT_SECONDS = 20.0


class PubsubPublisher:
    """Implements Publisher and Poster. `endpoint` is the `host:port` of a plaintext server; None means Google's."""

    def __init__(self, endpoint: str | None = None) -> None:
        self._endpoint = endpoint

    @cached_property
    def _client(self) -> PublisherClient:
        if self._endpoint is None:
            return PublisherClient()
        return PublisherClient(transport=PublisherGrpcTransport(channel=grpc.insecure_channel(self._endpoint)))

    def publish(self, topic: str, messages: Sequence[Outgoing]) -> None:
        """Return once the topic has confirmed them all; raise PublishFailed."""
        self._publish(topic, messages)

    def post(self, topic: str, message: Outgoing) -> str:
        """Return the id that the topic gave the message; raise PublishFailed."""
        return self._publish(topic, [message])[0]

    def _publish(self, topic: str, messages: Sequence[Outgoing]) -> list[str]:
        request = PublishRequest(topic=topic, messages=[_message(one) for one in messages])
        try:
            return list(self._client.publish(request=request, timeout=_TIMEOUT_SECONDS).message_ids)
        except (GoogleAPICallError, RetryError) as error:
            raise PublishFailed(f"{topic}: {error}") from error


def _message(outgoing: Outgoing) -> PubsubMessage:
    return PubsubMessage(data=outgoing.data, attributes=dict(outgoing.attributes), ordering_key=outgoing.ordering_key)
