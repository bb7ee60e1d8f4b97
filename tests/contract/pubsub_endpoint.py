"""A push endpoint that records what arrived when, and answers as the test decides."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import Any

Answer = Callable[[dict[str, Any]], int]


@dataclass
class Post:
    """One request."""

    time: float
    body: dict[str, Any]

    @property
    def message(self) -> dict[str, Any]:
        found: dict[str, Any] = self.body["message"]
        return found


@dataclass
class Endpoint:
    """Where it listens, and what came."""

    url: str
    posts: list[Post] = field(default_factory=list)
    most_at_once: int = 0
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, body: dict[str, Any], answer: Answer) -> int:
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
            self.posts.append(Post(time.monotonic(), body))
        status = answer(body)
        with self._lock:
            self._now -= 1
        return status

    @property
    def gaps(self) -> list[float]:
        times = [post.time for post in self.posts]
        return [later - earlier for earlier, later in pairwise(times)]


class _Server(ThreadingHTTPServer):
    request_queue_size = 128


@contextmanager
def endpoint(answer: Answer = lambda _body: 204, *, port: int = 0) -> Iterator[Endpoint]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"] or 0)))
            self.send_response(there.take(body, answer))
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's word
            return

    with _Server(("127.0.0.1", port), Handler) as server:
        there = Endpoint(f"http://127.0.0.1:{server.server_port}/push")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield there
        server.shutdown()


def slowly(_body: dict[str, Any]) -> int:
    time.sleep(0.2)
    return 204
