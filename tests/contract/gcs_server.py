"""A small Cloud Storage: the JSON API's uploads with preconditions, downloads by generation and range, listings.

What the tests do to it (`faults`, `lost`) happens on the wire, as a network would do it.
"""

import base64
import email
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import google_crc32c

_OBJECT = re.compile(r"/(?:download/)?storage/v1/b/([^/]+)/o/([^/]+)")
_LISTING = re.compile(r"/storage/v1/b/([^/]+)/o")
_UPLOAD = re.compile(r"/upload/storage/v1/b/([^/]+)/o")
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


@dataclass
class Storage:
    """Every generation of every object, and what goes wrong next."""

    address: str = ""
    versions: dict[tuple[str, str], list[bytes]] = field(default_factory=dict)
    faults: list[int] = field(default_factory=list)
    lost: int = 0
    forbids_overwriting: bool = False
    on_download: list[tuple[str, str, bytes]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, bucket: str, name: str, data: bytes) -> int:
        with self.lock:
            kept = self.versions.setdefault((bucket, name), [])
            kept.append(data)
            return len(kept)

    def put_if_absent(self, bucket: str, name: str, data: bytes) -> int | None:
        with self.lock:
            if (bucket, name) in self.versions:
                return None
            self.versions[bucket, name] = [data]
            return 1

    def names(self, bucket: str) -> list[str]:
        return sorted(name for kept, name in self.versions if kept == bucket)

    def document(self, bucket: str, name: str) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.versions[bucket, name][-1])
        return found


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    storage: Storage


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        storage, url = self.server.storage, urlsplit(self.path)
        storage.asked.append(f"POST {self.path}")
        upload = _UPLOAD.fullmatch(url.path)
        if storage.faults:
            return self._json(storage.faults.pop(0), {})
        if upload is None:
            return self._json(404, {})
        name, data = _multipart(self.headers["Content-Type"], body)
        is_create = parse_qs(url.query).get("ifGenerationMatch") == ["0"]
        put = storage.put_if_absent if is_create else storage.put
        generation = put(upload[1], name, data)
        if storage.lost:
            storage.lost -= 1
            return self._json(503, {})
        if generation is None and storage.forbids_overwriting:
            return self._json(403, {"error": {"code": 403, "message": "no storage.objects.delete access"}})
        if generation is None:
            return self._json(412, {"error": {"code": 412, "message": "conditionNotMet"}})
        return self._json(200, _resource(upload[1], name, data, generation))

    def do_GET(self) -> None:
        storage, url = self.server.storage, urlsplit(self.path)
        storage.asked.append(f"GET {self.path}")
        query = parse_qs(url.query)
        if storage.faults:
            return self._json(storage.faults.pop(0), {})
        listing, one = _LISTING.fullmatch(url.path), _OBJECT.fullmatch(url.path)
        if listing is not None:
            return self._listing(listing[1], query.get("prefix", [""])[0], query.get("matchGlob", ["**"])[0])
        if one is None:
            return self._json(404, {})
        return self._object(one[1], unquote(one[2]), query)

    def _listing(self, bucket: str, prefix: str, glob: str) -> None:
        pattern = re.escape(glob).replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
        found = [name for name in self.server.storage.names(bucket) if re.fullmatch(pattern, name)]
        names = [name for name in found if name.startswith(prefix)]
        self._json(200, {"kind": "storage#objects", "items": [{"name": name, "bucket": bucket} for name in names]})

    def _object(self, bucket: str, name: str, query: dict[str, list[str]]) -> None:
        storage = self.server.storage
        versions = storage.versions.get((bucket, name), [])
        generation = int(query.get("generation", [str(len(versions))])[0])
        if not 1 <= generation <= len(versions):
            return self._json(404, {"error": {"code": 404, "message": "No such object"}})
        data = versions[generation - 1]
        if query.get("alt") != ["media"]:
            return self._json(200, _resource(bucket, name, data, generation))
        while storage.on_download:
            storage.put(*storage.on_download.pop())
        return self._media(data)

    def _media(self, data: bytes) -> None:
        asked = _RANGE.fullmatch(self.headers.get("Range", ""))
        if asked is None:
            return self._answer(200, data, "application/octet-stream")
        start, end = int(asked[1]), min(int(asked[2] or len(data)), len(data) - 1)
        if start >= len(data):
            return self._json(416, {})
        span = f"bytes {start}-{end}/{len(data)}"
        return self._answer(206, data[start : end + 1], "application/octet-stream", **{"Content-Range": span})

    def _json(self, status: int, document: dict[str, object]) -> None:
        self._answer(status, json.dumps(document).encode(), "application/json")

    def _answer(self, status: int, body: bytes, content_type: str, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": content_type, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        return


def _multipart(content_type: str, body: bytes) -> tuple[str, bytes]:
    message = email.message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    _whole, described, content = message.walk()
    description, data = described.get_payload(decode=True), content.get_payload(decode=True)
    assert isinstance(description, bytes)
    assert isinstance(data, bytes)
    return str(json.loads(description)["name"]), data


def _resource(bucket: str, name: str, data: bytes, generation: int) -> dict[str, object]:
    checksum = base64.b64encode(google_crc32c.Checksum(data).digest()).decode()
    return {
        "kind": "storage#object",
        "bucket": bucket,
        "name": name,
        "generation": str(generation),
        "size": str(len(data)),
        "crc32c": checksum,
    }


@contextmanager
def storage_server() -> Iterator[Storage]:
    """Serve an empty storage at a free port."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.storage = Storage(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.storage
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
