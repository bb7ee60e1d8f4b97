"""Opens Google's clients: one credential for them all, connections that come back soon, and one rule of repeating."""

from collections.abc import Sequence
from functools import cache, partial
from typing import Any

import google.auth
import grpc
from google.api_core.exceptions import GoogleAPICallError, GoogleAPIError, RetryError, ServiceUnavailable
from google.api_core.retry import Retry, if_exception_type
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError

ChannelOptions = Sequence[tuple[str, str | int]]

CHANNEL_OPTIONS: ChannelOptions = (
    ("grpc.max_reconnect_backoff_ms", 5_000),  # a push comes back within seconds; gRPC's own two minutes outlast it
    ("grpc.keepalive_time_ms", 10_000),  # only while a call waits: a dead connection ends before the call's own time
    ("grpc.keepalive_timeout_ms", 5_000),
    ("SingleThreadedUnaryStream", 1),  # a stream is read by whoever asked for it: no thread is made for it
)
_ANY_SIZE: ChannelOptions = (("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1))
"""What Google's transports set on the channels that they open themselves."""

RETRY = Retry(predicate=if_exception_type(ServiceUnavailable), initial=0.1, multiplier=3.0, maximum=3.0, timeout=5.0)
"""For every call but RunJob: some seconds, where the libraries go on for minutes, since a message comes back anyway."""

PROBLEMS = (GoogleAPIError, GoogleAuthError)
"""All that a call of a client raises when it does not succeed."""

_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)

# gRPC says one of these when it had no connection, no address or no token, so nothing can have been sent.
_NEVER_SENT = (
    "failed to connect to all addresses",
    "errors resolving",
    "DNS resolution failed",
    "Getting metadata from plugin failed",
)


@cache
def credentials() -> Credentials:
    """Return the function's own credentials, made on first use: each client alone would ask for a token of its own."""
    found, _ = google.auth.default(scopes=_SCOPES)
    return found


def open_client(client: Any, endpoint: str | None, options: ChannelOptions = CHANNEL_OPTIONS) -> Any:
    """Return the client on a plaintext `host:port`, or on Google's own host; raise GoogleAuthError.

    Host, certificates and universe domain stay the client's affair: it opens its channel itself, with our options.
    """
    transport = client.get_transport_class("grpc")
    if endpoint is not None:
        return client(transport=transport(channel=grpc.insecure_channel(endpoint, [*_ANY_SIZE, *options])))
    channel = partial(_open_channel, transport.create_channel, options)
    return client(credentials=credentials(), transport=partial(transport, channel=channel))


def _open_channel(
    create: Any, ours: ChannelOptions, host: str, *, options: ChannelOptions, **rest: Any
) -> grpc.Channel:
    channel: grpc.Channel = create(host, options=[*options, *ours], **rest)
    return channel


def status_of(error: Exception) -> grpc.StatusCode | None:
    """Return the status of a failed call, or None where there was no answer to have one."""
    code = error.grpc_status_code if isinstance(error, GoogleAPICallError) else None
    return code if isinstance(code, grpc.StatusCode) else None


def describe(error: Exception) -> str:
    """Return the words of a failed call behind its status; of one that was repeated in vain, those of the last try."""
    if isinstance(error, RetryError) and error.cause is not None:
        return describe(error.cause)
    if isinstance(error, GoogleAPICallError) and (code := status_of(error)):
        return f"{code.name}: {error.message}"
    return str(error)


def was_never_sent(error: Exception) -> bool:
    """Return whether the call surely never left: no credentials, no token, no address, no connection."""
    if isinstance(error, ServiceUnavailable):
        return any(words in str(error.message) for words in _NEVER_SENT)
    return isinstance(error, GoogleAuthError)
