"""Fetches a URI into a file: from an allowed source alone, within the limits, and with the expected digest."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from interlock_agent.errors import Refused
from interlock_agent.exit_codes import ExitCode
from interlock_agent.sources.allowed_sources import is_allowed
from interlock_agent.sources.interface import Fetched, FetchPolicy, Source, without_query


def fetch(uri: str, target: Path, *, policy: FetchPolicy, sha256: str | None) -> Fetched:
    """Fetch the URI into the target; whatever is wrong, no partial file stays."""
    if not is_allowed(uri, policy.allowed):
        raise Refused(ExitCode.POLICY, f"{without_query(uri)} is not under INTERLOCK_ALLOWED_SOURCES")
    try:
        fetched = _source(uri)(uri, policy, lambda chunks: _save(chunks, target, policy))
        _check_digest(uri, fetched.sha256, sha256)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return fetched


def _check_digest(uri: str, found: str, expected: str | None) -> None:
    if expected not in {None, found}:
        raise Refused(ExitCode.DIGEST_MISMATCH, f"{without_query(uri)} has SHA-256 {found}, not {expected}")


def _source(uri: str) -> Source:
    """Return the scheme's source; each import waits until its scheme is met, as the clients load slowly."""
    match urlsplit(uri).scheme:
        case "file":
            from interlock_agent.sources.file_source import fetch_file  # noqa: PLC0415

            return fetch_file
        case "http" | "https":
            from interlock_agent.sources.web_source import fetch_web  # noqa: PLC0415

            return fetch_web
        case "gs":
            from interlock_agent.sources.bucket_source import fetch_object  # noqa: PLC0415

            return fetch_object
        case scheme:
            raise Refused(ExitCode.POLICY, f"{scheme}:// is no source this agent knows")


def _save(chunks: Iterator[bytes], target: Path, policy: FetchPolicy) -> str:
    digest, size, most = hashlib.sha256(), 0, policy.limits.download_bytes
    with target.open("wb") as stream:
        for chunk in chunks:
            size += len(chunk)
            policy.on_progress(size)
            if size > most:
                raise Refused(ExitCode.SOURCE_UNAVAILABLE, f"the source is larger than {most} bytes")
            digest.update(chunk)
            stream.write(chunk)
    return digest.hexdigest()
