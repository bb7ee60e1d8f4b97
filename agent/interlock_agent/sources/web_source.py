"""Fetches over HTTPS (HTTP only where listed) with urllib3: every redirect checked, every transient failure retried."""

import time
from collections.abc import Iterator, Mapping
from urllib.parse import urljoin, urlsplit

import urllib3
from urllib3.exceptions import HTTPError, InvalidHeader, MaxRetryError, SSLError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Retry

from interlock_agent.errors import Refused
from interlock_agent.exit_codes import ExitCode
from interlock_agent.sources.allowed_sources import is_allowed
from interlock_agent.sources.credentials import credential_for
from interlock_agent.sources.interface import CHUNK_BYTES, Fetched, FetchPolicy, SaveChunks, without_query

_MOST_REDIRECTS = 5
_IDLE_SECONDS = 30.0
_TRANSIENT_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
_RETRY = Retry(total=4, backoff_factor=0.25, backoff_max=30.0, retry_after_max=30)
_PLAIN_HEADERS = {"Accept-Encoding": "identity", "User-Agent": "interlock-agent"}
_REDIRECTS = {301, 302, 303, 307, 308}


class TransientError(Exception):
    """A failure that may be gone at the next try; `retry_after` is the server's header as it came."""

    def __init__(self, reason: str, retry_after: str | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


def fetch_web(uri: str, policy: FetchPolicy, save: SaveChunks) -> Fetched:
    """Save the body; a transient failure, even one in mid-body, starts again until the time limit.

    urllib3 retries no body that breaks off and follows redirects past our allow-list; so it lends the count and the
    pauses of its Retry, and the loop is here.
    """
    deadline, retry = time.monotonic() + policy.limits.download_seconds, _RETRY
    with urllib3.PoolManager(num_pools=4, retries=False) as pool:
        while True:
            try:
                return Fetched(_attempt(_Request(pool, policy, deadline), uri, save))
            except TransientError as problem:
                retry = _wait_before_retry(retry, problem, deadline, uri)


def _wait_before_retry(retry: Retry, problem: TransientError, deadline: float, uri: str) -> Retry:
    refused = Refused(ExitCode.SOURCE_UNAVAILABLE, f"cannot fetch {without_query(uri)}: {problem}")
    try:
        following = retry.increment("GET", error=problem)
    except MaxRetryError:
        raise refused from problem
    seconds = max(following.get_backoff_time(), _retry_after_seconds(following, problem))
    if time.monotonic() + seconds >= deadline:
        raise refused from problem
    time.sleep(seconds)
    return following


def _retry_after_seconds(retry: Retry, problem: TransientError) -> float:
    try:
        return retry.parse_retry_after(problem.retry_after) if problem.retry_after else 0.0
    except (InvalidHeader, ValueError, OverflowError):  # neither a date nor a number of seconds that Python can hold
        return 0.0


def _attempt(request: "_Request", uri: str, save: SaveChunks) -> str:
    try:
        response = request.follow(uri)
        try:
            return save(_chunks(response, request.deadline))
        finally:
            response.close()
    except SSLError as problem:
        raise Refused(ExitCode.SOURCE_UNAVAILABLE, f"cannot trust {without_query(uri)}: {problem}") from problem
    except HTTPError as problem:
        raise TransientError(f"{type(problem).__name__}: {problem}"[:300]) from problem


class _Request:
    def __init__(self, pool: urllib3.PoolManager, policy: FetchPolicy, deadline: float) -> None:
        self._pool = pool
        self._policy = policy
        self.deadline = deadline

    def follow(self, uri: str) -> BaseHTTPResponse:
        headers = self._headers(uri)
        for _ in range(_MOST_REDIRECTS):
            response = self._open(uri, headers)
            if response.status not in _REDIRECTS:
                return _checked(response, uri)
            target = self._redirect_target(uri, response)
            # a credential that has once left its host is not sent again, not even back to that host
            headers = headers if _origin(target) == _origin(uri) else _PLAIN_HEADERS
            uri = target
        reason = f"more than {_MOST_REDIRECTS} redirects, the last to {without_query(uri)}"
        raise Refused(ExitCode.SOURCE_UNAVAILABLE, reason)

    def _headers(self, uri: str) -> Mapping[str, str]:
        credential = credential_for(uri, self._policy.credentials)
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

    def _redirect_target(self, uri: str, response: BaseHTTPResponse) -> str:
        response.close()
        target = urljoin(uri, response.headers.get("Location", ""))
        if not target.startswith(("https://", "http://")) or not is_allowed(target, self._policy.allowed):
            places = f"{without_query(uri)} redirects to {without_query(target)}"
            raise Refused(ExitCode.POLICY, f"{places}, not under INTERLOCK_ALLOWED_SOURCES")
        return target


def _origin(uri: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(uri)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _checked(response: BaseHTTPResponse, uri: str) -> BaseHTTPResponse:
    if response.status == 200:
        return response
    response.close()
    if response.status in _TRANSIENT_STATUSES:
        raise TransientError(f"HTTP {response.status}", response.headers.get("Retry-After"))
    raise Refused(ExitCode.SOURCE_UNAVAILABLE, f"cannot fetch {without_query(uri)}: HTTP {response.status}")


def _chunks(response: BaseHTTPResponse, deadline: float) -> Iterator[bytes]:
    """Yield what has come so far, so that a server which only trickles still meets the time limit."""
    while chunk := response.read1(CHUNK_BYTES):
        yield chunk
        if time.monotonic() > deadline:
            raise Refused(ExitCode.SOURCE_UNAVAILABLE, "the download takes longer than its time cap")
