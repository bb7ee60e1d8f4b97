"""Receivers of deliveries that may refuse for a while: an HTTP endpoint, and a topic behind Pub/Sub's own protocol."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
from google.pubsub_v1 import PublishRequest, PublishResponse


@dataclass
class Post:
    """One HTTP request, its header names in lower case."""

    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class HttpReceiver:
    """Answers 500 to the first `refusals` requests and 204 to all others, or redirects them all."""

    refusals: int = 0
    redirects_to: str = ""
    url: str = ""
    posts: list[Post] = field(default_factory=list)

    def answer(self, post: Post) -> int:
        self.posts.append(post)
        if self.redirects_to:
            return 307
        return 500 if len(self.posts) <= self.refusals else 204


@dataclass
class TopicReceiver:
    """Any topic; UNAVAILABLE for the first `refusals` publishes."""

    refusals: int = 0
    host: str = ""
    calls: int = 0
    requests: list[PublishRequest] = field(default_factory=list)

    def publish(self, request: PublishRequest, context: grpc.ServicerContext) -> PublishResponse:
        self.calls += 1
        if self.calls <= self.refusals:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not now")
        self.requests.append(request)
        return PublishResponse(message_ids=[str(self.calls)])


@contextmanager
def http_receiver(*, refusals: int = 0, redirects_to: str = "", port: int = 0) -> Iterator[HttpReceiver]:
    receiver = HttpReceiver(refusals, redirects_to)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"] or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(receiver.answer(Post(headers, body)))
            if receiver.redirects_to:
                self.send_header("location", receiver.redirects_to)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's word
            return

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_port}/"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield receiver
        server.shutdown()


@contextmanager
def topic_receiver(*, refusals: int = 0) -> Iterator[TopicReceiver]:
    receiver = TopicReceiver(refusals)
    handler = grpc.unary_unary_rpc_method_handler(
        receiver.publish,
        request_deserializer=PublishRequest.deserialize,
        response_serializer=PublishResponse.serialize,
    )
    server = grpc.server(ThreadPoolExecutor(4))
    service = grpc.method_handlers_generic_handler("google.pubsub.v1.Publisher", {"Publish": handler})
    server.add_generic_rpc_handlers((service,))
    receiver.host = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    yield receiver
    server.stop(None).wait()
