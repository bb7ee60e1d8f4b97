"""A gRPC server before another one: every call passes through, but for those that a test has a fault for."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import grpc

THREADS = 64
UPSTREAM_SECONDS = 60.0
if TYPE_CHECKING:  # generic for the checker only
    Handlers = grpc.GenericRpcHandler[Any, Any]
else:
    Handlers = grpc.GenericRpcHandler
HOP_BY_HOP = ("user-agent", "content-type", "te", ":", "grpc-")


def _nothing() -> None:
    return


@dataclass(eq=False)
class Fault:
    """What becomes of calls of a method whose request holds all the texts, the first `times` of them.

    In this order: `held` seconds pass, `before` is called, the real server is asked if `arrives`, `after` is called,
    `late` seconds pass, and the answer is the real one (`edit` may change it) or the `code`.
    """

    method: str
    about: tuple[str, ...] = ()
    code: grpc.StatusCode | None = None
    details: str = "made to fail"
    arrives: bool = True
    held: float = 0.0
    late: float = 0.0
    times: float = 1
    before: Callable[[], object] = _nothing
    after: Callable[[], object] = _nothing
    edit: Callable[[bytes], bytes] = bytes
    hits: int = 0

    def concerns(self, call: "Call") -> bool:
        return self.method == call.method and all(text.encode() in call.request for text in self.about)


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it came in."""

    path: str
    request: bytes
    metadata: tuple[tuple[str, str | bytes], ...]

    @property
    def method(self) -> str:
        return self.path.rpartition("/")[2]


class Proxy:
    """Stands on a port of its own before the server at `upstream`, from `with` to the end of the block."""

    def __init__(self, upstream: str, *, port: int = 0) -> None:
        self._channel = grpc.insecure_channel(upstream)
        self.port = port
        self._server = self._listen()
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self.calls: list[str] = []

    def _listen(self) -> grpc.Server:
        server = grpc.server(ThreadPoolExecutor(THREADS), options=[("grpc.so_reuseport", 0)])
        server.add_generic_rpc_handlers((_Handlers(self),))
        self.port = server.add_insecure_port(f"127.0.0.1:{self.port}")
        return server

    def be_down(self, seconds: float) -> None:
        """Break what is on its way and refuse every connection for a while."""
        self._server.stop(grace=None).wait()
        time.sleep(seconds)
        self._server = self._listen()
        self._server.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def add(self, fault: Fault) -> Fault:
        """Have the fault from now on; the one added first comes first."""
        with self._lock:
            self._faults.append(fault)
        return fault

    def unmet(self, text: str) -> list[Fault]:
        """Return the faults about this text that no call has met: they prove nothing."""
        with self._lock:
            return [fault for fault in self._faults if text in fault.about and not fault.hits]

    def answer(self, call: Call, context: grpc.ServicerContext) -> Iterator[bytes]:
        """Pass the call on, or do to it what a fault says."""
        self.calls.append(call.method)
        fault = self._fault_of(call)
        yield from self._forward(call, context) if fault is None else self._spoil(call, fault, context)

    def _fault_of(self, call: Call) -> Fault | None:
        with self._lock:
            for fault in self._faults:
                if fault.hits < fault.times and fault.concerns(call):
                    fault.hits += 1
                    return fault
        return None

    def _spoil(self, call: Call, fault: Fault, context: grpc.ServicerContext) -> Iterator[bytes]:
        time.sleep(fault.held)
        fault.before()
        answers = list(self._forward(call, context)) if fault.arrives else []
        fault.after()
        time.sleep(fault.late)
        if fault.code is not None:
            context.abort(fault.code, fault.details)
        yield from map(fault.edit, answers)

    def _forward(self, call: Call, context: grpc.ServicerContext) -> Iterator[bytes]:
        ask = self._channel.unary_stream(call.path, request_serializer=None, response_deserializer=None)
        try:
            yield from ask(call.request, metadata=call.metadata, timeout=UPSTREAM_SECONDS)
        except grpc.RpcError as error:
            context.abort(error.code(), error.details() or "")

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.stop(grace=None).wait()
        self._channel.close()


class _Handlers(Handlers):
    """Takes every method as bytes; one answer or a stream of them is the same on the wire."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy

    def service(self, details: Any) -> Any:
        return grpc.unary_stream_rpc_method_handler(
            lambda request, context: self._proxy.answer(_call(details, request), context)
        )


def _call(details: Any, request: bytes) -> Call:
    metadata = tuple((key, value) for key, value in details.invocation_metadata if not key.startswith(HOP_BY_HOP))
    return Call(details.method, request, metadata)
