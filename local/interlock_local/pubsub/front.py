"""One port for both wire formats: a connection's first bytes say which server it is for."""

import asyncio
import contextlib

HTTP2 = b"PRI * HTTP/2.0"
CHUNK = 65536


class Front:
    """Joins each connection to one of two servers on private ports."""

    def __init__(self) -> None:
        self._grpc_port = self._rest_port = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._joins: set[asyncio.Task[None]] = set()

    async def serve(self, port: int, *, grpc_port: int, rest_port: int) -> asyncio.Server:
        """Raises `OSError` where the port is taken."""
        self._grpc_port, self._rest_port = grpc_port, rest_port
        return await asyncio.start_server(self._accept, "127.0.0.1", port)

    async def close(self) -> None:
        """Ends the connections that their clients have left open."""
        for writer in list(self._writers):
            writer.close()
        await asyncio.gather(*self._joins)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._joins.add(task)
        self._writers.add(writer)
        try:
            await self._join(reader, writer)
        finally:
            self._joins.discard(task)
            self._writers.discard(writer)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(OSError, asyncio.IncompleteReadError):
            first = await reader.readexactly(len(HTTP2))
            port = self._grpc_port if first == HTTP2 else self._rest_port
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
            with contextlib.closing(inner_writer):
                inner_writer.write(first)
                await _both(_pipe(reader, inner_writer), _pipe(inner_reader, writer))


async def _both(*ways: "asyncio._CoroutineLike[None]") -> None:
    async with asyncio.TaskGroup() as group:
        for way in ways:
            group.create_task(way)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
