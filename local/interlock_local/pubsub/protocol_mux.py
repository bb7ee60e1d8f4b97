"""Serves gRPC and REST on one port, as Google's emulator does: a connection's first bytes tell which server gets it."""

import asyncio
import contextlib
from collections.abc import Coroutine

HTTP2_PREFACE = b"PRI * HTTP/2.0"
CHUNK_BYTES = 65536


class ProtocolMux:
    """A proxy that passes each connection on to one of two servers on private ports."""

    def __init__(self) -> None:
        self._grpc_port = self._rest_port = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._connections: set[asyncio.Task[None]] = set()

    async def serve(self, port: int, *, grpc_port: int, rest_port: int) -> asyncio.Server:
        """Listen on the port; raise OSError if it is taken."""
        self._grpc_port, self._rest_port = grpc_port, rest_port
        return await asyncio.start_server(self._accept, "127.0.0.1", port)

    async def close(self) -> None:
        """Close the connections that their clients have left open."""
        for writer in list(self._writers):
            writer.close()
        await asyncio.gather(*self._connections)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._connections.add(task)
        self._writers.add(writer)
        try:
            await self._proxy(reader, writer)
        finally:
            self._connections.discard(task)
            self._writers.discard(writer)

    async def _proxy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(OSError, asyncio.IncompleteReadError):
            first = await reader.readexactly(len(HTTP2_PREFACE))
            port = self._grpc_port if first == HTTP2_PREFACE else self._rest_port
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
            with contextlib.closing(inner_writer):
                inner_writer.write(first)
                await _run_both(_copy(reader, inner_writer), _copy(inner_reader, writer))


async def _run_both(*directions: Coroutine[None, None, None]) -> None:
    async with asyncio.TaskGroup() as group:
        for direction in directions:
            group.create_task(direction)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK_BYTES):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
