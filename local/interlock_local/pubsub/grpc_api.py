"""The API in gRPC form, as Google's clients speak it by default; StreamingPull exists in this form only."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any

import grpc
import grpc.aio
from google import pubsub_v1

from interlock_local.api_error import ApiError
from interlock_local.pubsub.broker import Broker
from interlock_local.pubsub.methods import Method
from interlock_local.pubsub.streaming import streaming_pull

MESSAGE_BYTES = 64 * 1024 * 1024
OPTIONS = [("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", MESSAGE_BYTES)]
SUBSCRIBER = "google.pubsub.v1.Subscriber"


def grpc_server(broker: Broker, methods: Iterable[Method]) -> grpc.aio.Server:
    """Return the server, without a port and not yet started."""
    server = grpc.aio.server(options=OPTIONS)
    services: dict[str, dict[str, Any]] = {}
    for method in methods:
        services.setdefault(method.service, {})[method.name] = _unary(method)
    services[SUBSCRIBER]["StreamingPull"] = _streaming(broker)
    server.add_generic_rpc_handlers(
        tuple(grpc.method_handlers_generic_handler(name, handlers) for name, handlers in services.items())
    )
    return server


def _unary(method: Method) -> Any:
    return grpc.unary_unary_rpc_method_handler(
        _with_status(method.call),
        request_deserializer=method.request.FromString,
        response_serializer=method.response.SerializeToString,
    )


def _with_status(call: Callable[[Any], Awaitable[Any]]) -> Callable[[Any, Any], Awaitable[Any]]:
    async def answer(request: Any, context: Any) -> Any:
        try:
            return await call(request)
        except ApiError as error:
            return await context.abort(error.code, error.message)

    return answer


def _streaming(broker: Broker) -> Any:
    async def answer(requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        try:
            async for response in streaming_pull(broker, requests):
                yield response
        except ApiError as error:
            await context.abort(error.code, error.message)

    return grpc.stream_stream_rpc_method_handler(
        answer,
        request_deserializer=pubsub_v1.StreamingPullRequest.pb().FromString,
        response_serializer=pubsub_v1.StreamingPullResponse.pb().SerializeToString,
    )
