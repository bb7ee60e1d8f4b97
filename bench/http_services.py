"""What a function asks of Google in plain HTTP: tokens of the metadata server, and objects of Cloud Storage.

Both answer as little as the functions need. The storage holds of every attempt what the agent leaves of a success: its
fence, which the execution owns that `bench.google_services` named after the release, and one task's result.
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from http import HTTPStatus
from urllib.parse import parse_qs, unquote, urlsplit

Answer = tuple[HTTPStatus, Mapping[str, object] | str]
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_OBJECT = re.compile(r"/o(?:/(.+))?$")
METADATA: Mapping[str, Mapping[str, object] | str] = {
    "/computeMetadata/v1/project/project-id": "bench",
    "/computeMetadata/v1/universe/universe-domain": "googleapis.com",
    "/computeMetadata/v1/instance/service-accounts/default/": {"email": "bench@bench.iam.gserviceaccount.com"},
    "/computeMetadata/v1/instance/service-accounts/default/token": {
        "access_token": "a" * 1000,  # as long as a real one, for every call carries it
        "expires_in": 3599,
        "token_type": "Bearer",
    },
}
RESULT = {"outcome": "success", "exit_code": 0, "outputs": {"URL": "https://my-app.example.com"}, "error_lines": []}


def metadata(_method: str, target: str) -> Answer:
    """Answer as the metadata server; `/` is how the libraries look whether there is one."""
    path = urlsplit(target).path
    return (HTTPStatus.OK, METADATA.get(path, "")) if path in ("/", *METADATA) else (HTTPStatus.NOT_FOUND, "")


def storage(calls: Counter[str]) -> Callable[[str, str], Answer]:
    """Return what answers as Cloud Storage and counts its calls."""

    def answer(method: str, target: str) -> Answer:
        found = _OBJECT.search(urlsplit(target).path)
        if found is None:
            calls["GetBucket"] += 1  # the library looks once how the bucket is made
            return HTTPStatus.OK, {}
        if method != "GET":
            calls["InsertObject"] += 1
            return HTTPStatus.PRECONDITION_FAILED, {}  # the fence is taken
        if not found[1]:
            calls["ListObjects"] += 1
            return HTTPStatus.OK, {
                "items": [{"name": f"{parse_qs(urlsplit(target).query)['prefix'][0]}0/results.json"}]
            }
        calls["GetObject"] += 1
        return HTTPStatus.OK, _document(unquote(found[1]))

    return answer


def _document(name: str) -> Mapping[str, object]:
    release_id, *_, file = name.split("/")
    return {"execution": f"release-agent-{release_id}"} if file == "owner.json" else RESULT


class HttpServer(asyncio.Protocol):
    """Serves one connection, request after request; whoever asks waits for the answer before asking again."""

    def __init__(self, answer: Callable[[str, str], Answer]) -> None:
        self._answer = answer
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer the request once it is here to the end of its body, which is not looked at."""
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if end and len(body) >= int(length[1] if length else 0):
            self._received = b""
            method, target, *_ = head.decode().split()
            self._transport.write(_response(*self._answer(method, target)))


def _response(status: HTTPStatus, content: Mapping[str, object] | str) -> bytes:
    kind, text = ("text/plain", content) if isinstance(content, str) else ("application/json", json.dumps(content))
    head = f"HTTP/1.1 {status} {status.phrase}\r\nMetadata-Flavor: Google\r\nContent-Type: {kind}\r\n"
    return f"{head}Content-Length: {len(text.encode())}\r\n\r\n{text}".encode()
