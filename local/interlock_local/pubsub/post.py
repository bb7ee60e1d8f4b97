"""One HTTP POST on the event loop, so that a shutdown can give up any number of slow endpoints at once."""

import asyncio
from urllib.parse import urlsplit

import h11

CHUNK = 65536


class PostFailed(Exception):
    """There was no answer that could be read."""


async def post(url: str, body: bytes, *, seconds: float) -> int:
    """The status of the answer, which is not read any further; raises `PostFailed`."""
    try:
        async with asyncio.timeout(seconds):
            return await _post(url, body)
    except (OSError, TimeoutError, h11.ProtocolError) as error:
        raise PostFailed(f"{type(error).__name__}: {error}") from error


async def _post(url: str, body: bytes) -> int:
    target = urlsplit(url)
    is_secure = target.scheme == "https"
    port = target.port or (443 if is_secure else 80)
    reader, writer = await asyncio.open_connection(target.hostname, port, ssl=is_secure or None)
    try:
        connection = h11.Connection(h11.CLIENT)
        path = (target.path or "/") + (f"?{target.query}" if target.query else "")
        headers = [
            ("host", target.netloc),
            ("user-agent", "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)"),
            ("content-type", "application/json"),
            ("content-length", str(len(body))),
            ("accept", "application/json"),
            ("connection", "close"),
        ]
        for event in (
            h11.Request(method="POST", target=path, headers=headers),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            writer.write(connection.send(event) or b"")
        await writer.drain()
        return await _status(connection, reader)
    finally:
        writer.close()


async def _status(connection: h11.Connection, reader: asyncio.StreamReader) -> int:
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(CHUNK))
        elif isinstance(event, h11.Response | h11.InformationalResponse):
            if isinstance(event, h11.Response) or event.status_code == 102:
                return event.status_code
        else:
            raise h11.RemoteProtocolError(f"unexpected {event}")
