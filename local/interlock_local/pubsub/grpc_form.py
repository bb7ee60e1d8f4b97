"""The API in the wire format of gRPC."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any

import grpc
import grpc.aio
from google import pubsub_v1

from interlock_local.pubsub.hub import Hub
from interlock_local.pubsub.methods import Method
from interlock_local.pubsub.refusal import Refused
from interlock_local.pubsub.streaming import streaming_pull

MESSAGE_BYTES = 64 * 1024 * 1024
OPTIONS = [("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", MESSAGE_BYTES)]
SUBSCRIBER = "google.pubsub.v1.Subscriber"


def grpc_server(hub: Hub, methods: Iterable[Method]) -> grpc.aio.Server:
    """Not started yet, and without a port."""
    server = grpc.aio.server(options=OPTIONS)
    services: dict[str, dict[str, Any]] = {}
    for method in methods:
        services.setdefault(method.service, {})[method.name] = _unary(method)
    services[SUBSCRIBER]["StreamingPull"] = _stream(hub)
    server.add_generic_rpc_handlers(
        tuple(grpc.method_handlers_generic_handler(name, handlers) for name, handlers in services.items())
    )
    return server


def _unary(method: Method) -> Any:
    return grpc.unary_unary_rpc_method_handler(
        _guarded(method.call),
        request_deserializer=method.request.FromString,
        response_serializer=method.response.SerializeToString,
    )


def _guarded(call: Callable[[Any], Awaitable[Any]]) -> Callable[[Any, Any], Awaitable[Any]]:
    async def answer(request: Any, context: Any) -> Any:
        try:
            return await call(request)
        except Refused as refused:
            return await context.abort(refused.code, refused.message)

    return answer


def _stream(hub: Hub) -> Any:
    async def answer(requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        try:
            async for response in streaming_pull(hub, requests):
                yield response
        except Refused as refused:
            await context.abort(refused.code, refused.message)

    return grpc.stream_stream_rpc_method_handler(
        answer,
        request_deserializer=pubsub_v1.StreamingPullRequest.pb().FromString,
        response_serializer=pubsub_v1.StreamingPullResponse.pb().SerializeToString,
    )
