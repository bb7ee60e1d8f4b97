"""A proxy that leads every name of Google's to a server on loopback: what calls Google through it calls as deployed.

gRPC and requests both ask the proxy of `https_proxy` for a tunnel (`CONNECT storage.googleapis.com:443`) and speak TLS
with whoever is at its other end, who must hold a certificate for the name.
"""

import asyncio
from collections.abc import Mapping


class _Far(asyncio.Protocol):
    """The far end of a tunnel: what it says goes to the near end."""

    def __init__(self, near: asyncio.Transport) -> None:
        self._near = near

    def data_received(self, data: bytes) -> None:
        self._near.write(data)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._near.close()


class ConnectProxy(asyncio.Protocol):
    """The near end: opens the tunnel, then sends on whatever comes; `ports` are by name, "" is everybody else's."""

    def __init__(self, ports: Mapping[str, int]) -> None:
        self._ports = ports
        self._head = b""
        self._far: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        assert isinstance(transport, asyncio.Transport)
        self._near = transport

    def data_received(self, data: bytes) -> None:
        """Send it on, or take it as part of the request for a tunnel: nothing follows that before it is answered."""
        if self._far:
            self._far.write(data)
            return
        self._head += data
        if self._head.endswith(b"\r\n\r\n"):
            self._opening = asyncio.ensure_future(self._open(self._head.split()[1].decode().partition(":")[0]))

    async def _open(self, host: str) -> None:
        port = self._ports.get(host, self._ports[""])
        loop = asyncio.get_running_loop()
        self._far, _ = await loop.create_connection(lambda: _Far(self._near), "127.0.0.1", port)
        self._near.write(b"HTTP/1.1 200 Connection established\r\n\r\n")

    def connection_lost(self, _exc: Exception | None) -> None:
        """Close the far end as well."""
        if self._far:
            self._far.close()
