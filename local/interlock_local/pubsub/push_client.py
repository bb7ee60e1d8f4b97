"""The HTTP client of push deliveries; it runs on the event loop, so that a shutdown cancels all requests at once."""

from types import TracebackType
from typing import Self

import aiohttp

HEADERS = {
    "user-agent": "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)",
    "content-type": "application/json",
    "accept": "application/json",
}


class PushFailed(Exception):
    """The endpoint gave no answer that could be read."""


class PushClient:
    """Opened as a context on the event loop that uses it."""

    def __init__(self) -> None:
        # The window bounds what is in flight. A connection is used once: a kept one fails when its server restarts.
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=HEADERS,
            skip_auto_headers=("accept-encoding",),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._session.close()

    async def post(self, url: str, body: bytes, *, seconds: float) -> int:
        """Return the status of the answer, which is not read any further; raise PushFailed if there is none in time.

        A redirect is an answer like any other, as Pub/Sub follows none.
        """
        timeout = aiohttp.ClientTimeout(total=seconds)
        try:
            async with self._session.post(url, data=body, allow_redirects=False, timeout=timeout) as response:
                return response.status
        except (aiohttp.ClientError, TimeoutError) as error:
            raise PushFailed(f"{type(error).__name__}: {error}") from error
