"""Publishes on Pub/Sub with one unary call for all messages of a step; no batching thread, no wait for a batch."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import grpc

from interlock.google_rpc import message_type, open_channel, routing, said, unary
from interlock.ports import OutgoingMessage, PublishFailed

_TIMEOUT_SECONDS = 20.0
_PUBLISH = "google.pubsub.v1.Publisher/Publish"

_PublishRequest = message_type("google.pubsub.v1.PublishRequest")
_PublishResponse = message_type("google.pubsub.v1.PublishResponse")
_PubsubMessage = message_type("google.pubsub.v1.PubsubMessage")


class PubsubPublisher:
    """Implements Publisher and Poster. `endpoint` is the `host:port` of a plaintext server; None means Google's."""

    def __init__(self, endpoint: str | None = None) -> None:
        self._endpoint = endpoint

    @cached_property
    def _call(self) -> Callable[..., Any]:
        channel = open_channel("pubsub.googleapis.com", endpoint=self._endpoint, retried=(_PUBLISH,))
        return unary(channel, _PUBLISH, _PublishRequest, _PublishResponse)

    def publish(self, topic: str, messages: Sequence[OutgoingMessage]) -> None:
        """Return once the topic has confirmed them all; raise PublishFailed."""
        self._publish(topic, messages)

    def post(self, topic: str, message: OutgoingMessage) -> str:
        """Return the id that the topic gave the message; raise PublishFailed."""
        return self._publish(topic, [message])[0]

    def _publish(self, topic: str, messages: Sequence[OutgoingMessage]) -> list[str]:
        request = _PublishRequest(topic=topic, messages=[_message(one) for one in messages])
        try:
            answer = self._call(request, timeout=_TIMEOUT_SECONDS, metadata=routing("topic", topic))
        except grpc.RpcError as error:
            raise PublishFailed(f"{topic}: {said(error)[1]}") from error
        return list(answer.message_ids)


def _message(outgoing: OutgoingMessage) -> Any:
    return _PubsubMessage(data=outgoing.data, attributes=outgoing.attributes, ordering_key=outgoing.ordering_key)
