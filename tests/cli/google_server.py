"""Google's side of doctor and logs on loopback: real gRPC, real messages, answers that a test sets."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import grpc

Answer = Callable[[bytes, grpc.ServicerContext], bytes]


@contextmanager
def serving(answers: Mapping[str, Answer]) -> Iterator[str]:
    """Answer these methods, as `google.pubsub.v1.Publisher/GetTopic`; yield the address."""
    server = grpc.server(ThreadPoolExecutor(4))
    for method, answer in answers.items():
        service, name = method.split("/")
        handlers = {name: grpc.unary_unary_rpc_method_handler(answer)}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


def refusing(code: grpc.StatusCode, message: str) -> Answer:
    """Return an answer that refuses."""

    def answer(_: bytes, context: grpc.ServicerContext) -> bytes:
        context.abort(code, message)

    return answer


@contextmanager
def clock_at(instant: datetime) -> Iterator[str]:
    """Serve pages that are dated so; yield the address."""

    class Page(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response_only(200)
            self.send_header("Date", format_datetime(instant.astimezone(UTC), usegmt=True))
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
