"""Fetches an artifact or a script from its URI into a file: allowed, bounded, and of the digest asked for."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

from interlock_agent.allowed_sources import is_allowed
from interlock_agent.credentials import SourceCredential
from interlock_agent.exit_codes import ExitCode, Refused
from interlock_agent.files import open_regular
from interlock_agent.limits import Limits

_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Trust:
    """What the task may fetch: from where, how much, with which credentials; `progress` hears of every byte."""

    allowed: tuple[str, ...]
    limits: Limits
    credentials: tuple[SourceCredential, ...] = ()
    progress: Callable[[int], None] = lambda _size: None


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was fetched: its digest, and the generation where its store counts them."""

    sha256: str
    generation: str | None = None


Sink: TypeAlias = Callable[[Iterator[bytes]], str]
Opener: TypeAlias = Callable[[str, Trust, Sink], Fetched]
"""Opens a URI, hands its bytes to the sink (again from the start on each try) and returns the sink's digest."""


def fetch(uri: str, target: Path, *, trust: Trust, sha256: str | None) -> Fetched:
    """Fetch the URI into the target; whatever is wrong, no partial file stays."""
    if not is_allowed(uri, trust.allowed):
        raise Refused(ExitCode.POLICY, f"{shown(uri)} is not under INTERLOCK_ALLOWED_SOURCES")
    try:
        fetched = _opener(uri)(uri, trust, lambda chunks: _save(chunks, target, trust))
        _compare(uri, fetched.sha256, sha256)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return fetched


def _compare(uri: str, digest: str, expected: str | None) -> None:
    if expected not in {None, digest}:
        raise Refused(ExitCode.DIGEST_MISMATCH, f"{shown(uri)} has SHA-256 {digest}, not {expected}")


def shown(uri: str) -> str:
    """Return the URI for a message: bounded, and without its query, where signed URLs hold their secret."""
    return uri.partition("?")[0].partition("#")[0][:200]


def _opener(uri: str) -> Opener:
    scheme = urlsplit(uri).scheme
    opener = _OPENERS.get(scheme)
    if opener is None:
        raise Refused(ExitCode.POLICY, f"{scheme}:// is no source this agent knows")
    return opener


def _save(chunks: Iterator[bytes], target: Path, trust: Trust) -> str:
    digest, size, most = hashlib.sha256(), 0, trust.limits.download_bytes
    with target.open("wb") as stream:
        for chunk in chunks:
            size += len(chunk)
            trust.progress(size)
            if size > most:
                raise Refused(ExitCode.SOURCE_UNAVAILABLE, f"the source is larger than {most} bytes")
            digest.update(chunk)
            stream.write(chunk)
    return digest.hexdigest()


def _from_file(uri: str, _trust: Trust, sink: Sink) -> Fetched:
    parts = urlsplit(uri)
    if parts.netloc not in {"", "localhost"}:
        raise Refused(ExitCode.SOURCE_UNAVAILABLE, f"{shown(uri)} names another machine")
    try:
        with open_regular(Path(unquote(parts.path))) as stream:
            return Fetched(sink(iter(lambda: stream.read(_CHUNK), b"")))
    except (OSError, ValueError) as problem:
        raise Refused(ExitCode.SOURCE_UNAVAILABLE, f"cannot read {shown(uri)}: {problem}") from problem


def _from_web(uri: str, trust: Trust, sink: Sink) -> Fetched:
    from interlock_agent.web_source import fetch_web  # noqa: PLC0415 - a file:// release starts without urllib3

    return Fetched(fetch_web(uri, trust, sink))


def _from_bucket(uri: str, trust: Trust, sink: Sink) -> Fetched:
    from interlock_agent.bucket_source import fetch_object  # noqa: PLC0415 - the bucket's library takes half a second

    return fetch_object(uri, trust, sink)


_OPENERS: Mapping[str, Opener] = {"file": _from_file, "http": _from_web, "https": _from_web, "gs": _from_bucket}
