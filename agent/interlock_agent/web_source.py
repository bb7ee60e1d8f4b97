"""Fetches over HTTPS (HTTP only where listed) with urllib3: every hop checked, what may pass tried again."""

import time
from collections.abc import Iterator, Mapping
from urllib.parse import urljoin, urlsplit

import urllib3
from urllib3.exceptions import HTTPError, SSLError
from urllib3.response import BaseHTTPResponse

from interlock_agent.allowed_sources import is_allowed
from interlock_agent.credentials import credential_for
from interlock_agent.exit_codes import ExitCode, Refused
from interlock_agent.sources import Sink, Trust, shown

_CHUNK = 256 * 1024
_MOST_HOPS = 5
_PAUSES = (0.2, 0.5, 1.0, 2.0)
_LONGEST_PAUSE = 30.0
_IDLE_SECONDS = 30.0
_PASSING = {408, 429, 500, 502, 503, 504}
_PLAIN_HEADERS = {"Accept-Encoding": "identity", "User-Agent": "interlock-agent"}
_REDIRECTS = {301, 302, 303, 307, 308}


class _PassingError(Exception):
    """A failure that may be gone at the next try; `pause` is what the server asked for, if it did."""

    def __init__(self, reason: str, pause: float | None = None) -> None:
        super().__init__(reason)
        self.pause = pause


def fetch_web(uri: str, trust: Trust, sink: Sink) -> str:
    """Give the body to the sink, starting again on a failure that may pass, until the time cap."""
    deadline = time.monotonic() + trust.limits.download_seconds
    with urllib3.PoolManager(num_pools=4, retries=False) as pool:
        for pause in (*_PAUSES, None):
            try:
                return _attempt(_Hops(pool, trust, deadline), uri, sink)
            except _PassingError as problem:
                _pause(problem, pause, deadline, uri)
    raise AssertionError("the last try returns or raises")


def _pause(problem: _PassingError, pause: float | None, deadline: float, uri: str) -> None:
    seconds = min(_LONGEST_PAUSE, max(pause or 0.0, problem.pause or 0.0))
    if pause is None or time.monotonic() + seconds >= deadline:
        raise Refused(ExitCode.SOURCE_UNAVAILABLE, f"cannot fetch {shown(uri)}: {problem}") from problem
    time.sleep(seconds)


def _attempt(hops: "_Hops", uri: str, sink: Sink) -> str:
    try:
        response = hops.follow(uri)
        try:
            return sink(_chunks(response, hops.deadline))
        finally:
            response.close()
    except SSLError as problem:
        raise Refused(ExitCode.SOURCE_UNAVAILABLE, f"cannot trust {shown(uri)}: {problem}") from problem
    except HTTPError as problem:
        raise _PassingError(f"{type(problem).__name__}: {problem}"[:300]) from problem


class _Hops:
    def __init__(self, pool: urllib3.PoolManager, trust: Trust, deadline: float) -> None:
        self._pool = pool
        self._trust = trust
        self.deadline = deadline

    def follow(self, uri: str) -> BaseHTTPResponse:
        headers = self._headers(uri)
        for _ in range(_MOST_HOPS):
            response = self._open(uri, headers)
            if response.status not in _REDIRECTS:
                return _checked(response, uri)
            target = self._next(uri, response)
            # once it has left for another host, nobody on the way gets the credential again
            headers = headers if _place(target) == _place(uri) else _PLAIN_HEADERS
            uri = target
        raise Refused(ExitCode.SOURCE_UNAVAILABLE, f"more than {_MOST_HOPS} redirects, the last to {shown(uri)}")

    def _headers(self, uri: str) -> Mapping[str, str]:
        credential = credential_for(uri, self._trust.credentials)
        return {**_PLAIN_HEADERS, "Authorization": credential.header()} if credential else _PLAIN_HEADERS

    def _open(self, uri: str, headers: Mapping[str, str]) -> BaseHTTPResponse:
        idle = max(0.1, min(_IDLE_SECONDS, self.deadline - time.monotonic()))
        return self._pool.request(
            "GET",
            uri,
            headers=headers,
            preload_content=False,
            redirect=False,
            timeout=urllib3.Timeout(connect=min(10.0, idle), read=idle),
        )

    def _next(self, uri: str, response: BaseHTTPResponse) -> str:
        response.close()
        target = urljoin(uri, response.headers.get("Location", ""))
        if not target.startswith(("https://", "http://")) or not is_allowed(target, self._trust.allowed):
            reason = f"{shown(uri)} redirects to {shown(target)}, not under INTERLOCK_ALLOWED_SOURCES"
            raise Refused(ExitCode.POLICY, reason)
        return target


def _place(uri: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(uri)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _checked(response: BaseHTTPResponse, uri: str) -> BaseHTTPResponse:
    if response.status == 200:
        return response
    response.close()
    if response.status in _PASSING:
        raise _PassingError(f"HTTP {response.status}", _retry_after(response))
    raise Refused(ExitCode.SOURCE_UNAVAILABLE, f"cannot fetch {shown(uri)}: HTTP {response.status}")


def _retry_after(response: BaseHTTPResponse) -> float | None:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else None


def _chunks(response: BaseHTTPResponse, deadline: float) -> Iterator[bytes]:
    """Yield what has come so far, so that a server which only trickles still meets the time cap."""
    while chunk := response.read1(_CHUNK):
        yield chunk
        if time.monotonic() > deadline:
            raise Refused(ExitCode.SOURCE_UNAVAILABLE, "the download takes longer than its time cap")
