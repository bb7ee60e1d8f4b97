"""Publishes on Pub/Sub with one unary call for all messages of a step; no batching thread, no wait for a batch."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from google.pubsub_v1 import PublisherClient

from interlock.google.clients import PROBLEMS, RETRY, describe, open_client
from interlock.ports import OutgoingMessage, PublishFailed

_TIMEOUT_SECONDS = 20.0


class PubsubPublisher:
    """Implements Publisher and PublisherWithId. `endpoint` is a plaintext `host:port`; None means Google's."""

    def __init__(self, endpoint: str | None = None) -> None:
        self._endpoint = endpoint

    @cached_property
    def _client(self) -> PublisherClient:
        client: PublisherClient = open_client(PublisherClient, self._endpoint)
        return client

    def publish(self, topic: str, messages: Sequence[OutgoingMessage]) -> None:
        """Return once the topic has confirmed them all; raise PublishFailed."""
        self._publish(topic, messages)

    def post(self, topic: str, message: OutgoingMessage) -> str:
        """Return the id that the topic gave the message; raise PublishFailed."""
        return self._publish(topic, [message])[0]

    def _publish(self, topic: str, messages: Sequence[OutgoingMessage]) -> list[str]:
        request = {"topic": topic, "messages": [_message(one) for one in messages]}
        try:
            answer = self._client.publish(request=request, retry=RETRY, timeout=_TIMEOUT_SECONDS)
        except PROBLEMS as error:
            raise PublishFailed(f"{topic}: {describe(error)}") from error
        return list(answer.message_ids)


def _message(outgoing: OutgoingMessage) -> dict[str, Any]:
    return {"data": outgoing.data, "attributes": outgoing.attributes, "ordering_key": outgoing.ordering_key}
