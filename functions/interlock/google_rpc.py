"""Calls Google's gRPC services with their official message types and no client library in between.

A client library costs a cold start several times what the messages and the channel do (docs/performance.md); what it
adds to a call is repeated here: credentials, the routing header, and gRPC's own retry policy.
"""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from typing import Any
from urllib.parse import urlencode

import grpc

_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
_PASSING = ("UNAVAILABLE",)
_OPTIONS: tuple[tuple[str, str | int], ...] = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_reconnect_backoff_ms", 5000),  # a push comes back within seconds; grpc's own two minutes outlast it
    ("SingleThreadedUnaryStream", 1),  # a stream is read by whoever asked for it: no thread is made for it
)

Metadata = tuple[tuple[str, str], ...]


def message_types(package: str, module: str) -> Any:
    """Return `<package>.types.<module>` of an official library without running the package's own imports.

    Those load every client it has. Whoever imports the package after this gets the whole of it, and the same types.
    """
    with _unrun(package), _unrun(f"{package}.types"):
        return import_module(f"{package}.types.{module}")


@contextmanager
def _unrun(package: str) -> Iterator[None]:
    """Let a package stand in `sys.modules` with its place, and without what it would run."""
    if package in sys.modules:
        yield
        return
    spec = find_spec(package)
    if spec is None:
        raise ModuleNotFoundError(package, name=package)
    sys.modules[package] = module_from_spec(spec)
    try:
        yield
    finally:
        del sys.modules[package]


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
