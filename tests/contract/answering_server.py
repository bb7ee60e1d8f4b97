"""A gRPC server that answers every method as a test says, in bytes: also what no library of today would write."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc


@dataclass(frozen=True, slots=True)
class Failure:
    """A call that fails with this status."""

    code: grpc.StatusCode
    words: str = "made to fail"


@dataclass
class AnsweringServer(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # the class takes none at run time
    """Gives each method its answers in their order, the last of them again and again."""

    answers: dict[str, list[bytes | Failure]] = field(default_factory=dict)
    methods: list[str] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    address: str = ""
    address_with_credentials: str = ""

    def answer(self, method: str, *answers: bytes | Failure) -> None:
        self.answers[method] = list(answers)

    def service(self, details: Any) -> Any:
        method = details.method.rpartition("/")[2]
        return grpc.unary_unary_rpc_method_handler(lambda request, context: self._reply(method, request, context))

    def _reply(self, method: str, request: bytes, context: grpc.ServicerContext) -> bytes:
        self.methods.append(method)
        self.requests.append(request)
        answers = self.answers[method]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(found, Failure):
            context.abort(found.code, found.words)
        return found


@contextmanager
def answering_server() -> Iterator[AnsweringServer]:
    """Run the server on a free port until the block ends."""
    answering = AnsweringServer()
    server = grpc.server(ThreadPoolExecutor(4), handlers=[answering])
    answering.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    local = server.add_secure_port("127.0.0.1:0", grpc.local_server_credentials())
    answering.address_with_credentials = f"127.0.0.1:{local}"
    server.start()
    try:
        yield answering
    finally:
        server.stop(0).wait()
