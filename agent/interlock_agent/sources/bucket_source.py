"""Fetches an object from a bucket: its generation is pinned first, so that all its bytes are of one upload."""

import base64
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import google_crc32c
from google.api_core.exceptions import GoogleAPIError
from google.api_core.retry import Retry
from google.auth.exceptions import GoogleAuthError
from google.cloud.storage import Client
from google.cloud.storage.retry import DEFAULT_RETRY
from requests.exceptions import RequestException

from interlock_agent.errors import Refused
from interlock_agent.exit_codes import ExitCode
from interlock_agent.sources.interface import CHUNK_BYTES, Fetched, FetchPolicy, SaveChunks, without_query

_REQUEST_BYTES = 8 * 1024 * 1024
_IDLE_SECONDS = 30.0
_PROBLEMS = (GoogleAPIError, GoogleAuthError, RequestException, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class _Pinned:
    """One generation of one object with its checksum; the library's own object forgets both when it is read."""

    blob: Any
    generation: int
    crc32c: str | None


def fetch_object(uri: str, policy: FetchPolicy, save: SaveChunks) -> Fetched:
    """Save the object's stored bytes, and return its generation with their digest."""
    bucket, _, rest = uri.removeprefix("gs://").partition("/")
    name, _, generation = rest.partition("#")
    retry = DEFAULT_RETRY.with_timeout(float(policy.limits.download_seconds))
    try:
        pinned = _pin(
            Client().bucket(bucket), name, int(generation) if generation else None, policy=policy, retry=retry
        )
        return Fetched(save(_chunks(pinned, policy, retry)), str(pinned.generation))
    except _PROBLEMS as problem:
        raise Refused(ExitCode.SOURCE_UNAVAILABLE, f"cannot fetch {without_query(uri)}: {problem}"[:500]) from problem


def _pin(bucket: Any, name: str, generation: int | None, *, policy: FetchPolicy, retry: Retry) -> _Pinned:
    """Return the object at the generation that the URI names, or at the one that is live now."""
    found = bucket.blob(name, generation=generation)
    found.reload(timeout=_IDLE_SECONDS, retry=retry)
    if (found.size or 0) > policy.limits.download_bytes:
        raise ValueError(f"it has {found.size} bytes, more than {policy.limits.download_bytes}")
    return _Pinned(bucket.blob(name, generation=found.generation), found.generation, found.crc32c)


def _chunks(pinned: _Pinned, policy: FetchPolicy, retry: Retry) -> Iterator[bytes]:
    deadline = time.monotonic() + policy.limits.download_seconds
    checksum: Any = google_crc32c.Checksum()
    options = {"raw_download": True, "timeout": _IDLE_SECONDS, "retry": retry}
    with pinned.blob.open("rb", chunk_size=_REQUEST_BYTES, **options) as stream:
        while chunk := stream.read(CHUNK_BYTES):
            checksum.update(chunk)
            yield chunk
            if time.monotonic() > deadline:
                raise ValueError("the download takes longer than its time cap")
    _check_checksum(pinned, base64.b64encode(checksum.digest()).decode())


def _check_checksum(pinned: _Pinned, checksum: str) -> None:
    if pinned.crc32c not in {None, checksum}:
        raise ValueError(f"its bytes have CRC32C {checksum}, not {pinned.crc32c}")
