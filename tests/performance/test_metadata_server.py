"""A cold function asks the metadata server for one token, however many of Google's services it calls."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from json import dumps
from pathlib import Path

import pytest

from bench.events import Request, a_dead_letter, a_dispatch, completion
from bench.http_services import metadata
from bench.processes import environment, google, loaded_modules

EVENTS: dict[str, Callable[[], Request]] = {
    "dispatch_release": a_dispatch,  # Firestore, Cloud Run, Pub/Sub
    "report_status": lambda: completion("nobody"),  # Cloud Storage, Firestore
    "alert_dead_letter": a_dead_letter,  # Firestore, Pub/Sub
}


class MetadataServer(ThreadingHTTPServer):
    """Answers as the bench's does, and keeps what it was asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.asked: list[str] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class _Answers(BaseHTTPRequestHandler):
    server: MetadataServer

    def do_GET(self) -> None:
        self.server.asked.append(self.path.partition("?")[0])
        status, content = metadata("GET", self.path)
        kind, text = ("application/text", content) if isinstance(content, str) else ("application/json", dumps(content))
        self.send_response(status)
        self.send_header("Metadata-Flavor", "Google")
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_args: object) -> None:
        """Keep the tests' output free of it."""


@pytest.fixture
def metadata_server() -> Iterator[MetadataServer]:
    with MetadataServer() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("function", list(EVENTS))
def test_a_cold_function_asks_for_one_token(function: str, metadata_server: MetadataServer, tmp_path: Path) -> None:
    here = {"GCE_METADATA_HOST": metadata_server.address, "GCE_METADATA_IP": metadata_server.address}
    with google() as side:
        loaded_modules(function, {**environment(side, tmp_path), **here}, EVENTS[function]())
    assert [one for one in metadata_server.asked if one.endswith("/token")] == [
        "/computeMetadata/v1/instance/service-accounts/default/token"
    ]
