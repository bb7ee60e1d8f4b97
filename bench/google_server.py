"""Google's side on loopback, as a process of its own: `python -m bench.google_server FILE` serves until SIGTERM.

It serves gRPC and Cloud Storage with TLS, beneath the names that Google has (`bench.connect_proxy`), and the metadata
server, which gives tokens. Its first line on standard output tells where, as JSON; the authority that its certificate
is of goes to the file. The gRPC services answer in plaintext as well, for a client in need of an emulator.
"""

import asyncio
import json
import signal
import ssl
import sys
from collections.abc import Callable
from pathlib import Path

import grpc
import trustme

from bench.connect_proxy import ConnectProxy
from bench.google_services import Google, handlers
from bench.http_services import HttpServer, metadata, storage

HOST = "127.0.0.1"


async def serve(authority_file: Path) -> None:
    """Serve on free ports, which are told, until SIGTERM."""
    authority, google = trustme.CA(), Google()
    authority.cert_pem.write_to_path(str(authority_file))
    certificate = authority.issue_cert("*.googleapis.com")
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(handlers(google))
    plain, secure = (
        server.add_insecure_port(f"{HOST}:0"),
        server.add_secure_port(f"{HOST}:0", _credentials(certificate)),
    )
    await server.start()
    buckets = await _listen(lambda: HttpServer(storage(google.calls)), _tls(certificate))
    ports = {"storage.googleapis.com": buckets, "": secure}
    told = {
        "grpc": plain,
        "metadata": await _listen(lambda: HttpServer(metadata)),
        "proxy": await _listen(lambda: ConnectProxy(ports)),
    }
    print(json.dumps({name: f"{HOST}:{port}" for name, port in told.items()}), flush=True)
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    await over.wait()
    await server.stop(0)


def _credentials(certificate: trustme.LeafCert) -> grpc.ServerCredentials:
    chain = b"".join(one.bytes() for one in certificate.cert_chain_pems)
    return grpc.ssl_server_credentials([(certificate.private_key_pem.bytes(), chain)])


def _tls(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    return context


async def _listen(protocol: Callable[[], asyncio.Protocol], context: ssl.SSLContext | None = None) -> int:
    server = await asyncio.get_running_loop().create_server(protocol, HOST, 0, ssl=context)
    port: int = server.sockets[0].getsockname()[1]
    return port


if __name__ == "__main__":
    sys.exit(asyncio.run(serve(Path(sys.argv[1]))))
