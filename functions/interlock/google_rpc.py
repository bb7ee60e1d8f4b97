"""Calls Google's gRPC services with their own messages and no client library in between.

A client library costs a cold start several times what the messages and the channel do (docs/performance.md); what it
adds to a call is repeated here: credentials, the routing header, and gRPC's own retry policy. The messages are those
of the official libraries, taken out of them and held to them by tests/performance/test_google_messages.py.
"""

import json
from base64 import b64decode
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Any
from urllib.parse import urlencode

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

from interlock.google_messages import FILES

_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
_PASSING = ("UNAVAILABLE",)
_OPTIONS: tuple[tuple[str, str | int], ...] = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_reconnect_backoff_ms", 5000),  # a push comes back within seconds; grpc's own two minutes outlast it
    ("SingleThreadedUnaryStream", 1),  # a stream is read by whoever asked for it: no thread is made for it
)

Metadata = tuple[tuple[str, str], ...]


def message_type(name: str) -> Any:
    """Return the class of one of Google's messages by its full name; raise KeyError where it was not taken out."""
    return GetMessageClass(_pool().FindMessageTypeByName(name))


@cache
def _pool() -> DescriptorPool:
    """A pool of its own: in the common one the official libraries would meet their messages defined already."""
    pool = DescriptorPool()
    for file in FILES:
        pool.AddSerializedFile(b64decode(file))
    return pool


def open_channel(host: str, *, endpoint: str | None, retried: Sequence[str] = ()) -> grpc.Channel:
    """Return a channel to a plaintext endpoint, or to Google's host with the function's own credentials.

    `retried` are the services and methods (`package.Service/Method`) that may be asked twice when they are unavailable.
    """
    options = (*_OPTIONS, ("grpc.service_config", _service_config(retried)))
    if endpoint is not None:
        return grpc.insecure_channel(endpoint, options=options)
    return _authorized_channel(f"{host}:443", options)


def _authorized_channel(target: str, options: Sequence[tuple[str, str | int]]) -> grpc.Channel:
    import google.auth
    from google.auth.transport.grpc import secure_authorized_channel
    from google.auth.transport.requests import Request

    credentials, _ = google.auth.default(scopes=_SCOPES)
    channel: grpc.Channel = secure_authorized_channel(credentials, Request(), target, options=options)
    return channel


def _service_config(retried: Sequence[str]) -> str:
    methods = [dict(zip(("service", "method"), name.split("/"), strict=True)) for name in retried]
    policy = {
        "maxAttempts": 5,
        "initialBackoff": "0.1s",
        "maxBackoff": "3s",
        "backoffMultiplier": 3,
        "retryableStatusCodes": _PASSING,
    }
    return json.dumps({"methodConfig": [{"name": methods, "retryPolicy": policy}] if methods else []})


@lru_cache(maxsize=64)
def routing(name: str, value: str) -> Metadata:
    """Return the header by which Google's front ends find the resource; a slash stays as it is."""
    return (("x-goog-request-params", urlencode({name: value}, safe="/")),)


def unary(channel: grpc.Channel, path: str, request: Any, response: Any) -> Callable[..., Any]:
    """Return the method at `package.Service/Method`, by its messages' classes."""
    return channel.unary_unary(
        f"/{path}", request_serializer=request.SerializeToString, response_deserializer=response.FromString
    )


def streaming(channel: grpc.Channel, path: str, request: Any, response: Any) -> Callable[..., Any]:
    """Return the method that answers with a stream."""
    return channel.unary_stream(
        f"/{path}", request_serializer=request.SerializeToString, response_deserializer=response.FromString
    )


def said(error: grpc.RpcError) -> tuple[grpc.StatusCode, str]:
    """Return the status and the words of a failed call."""
    call: Any = error
    return call.code(), f"{call.code().name}: {call.details()}"
