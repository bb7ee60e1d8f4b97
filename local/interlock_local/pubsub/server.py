"""Puts the server together on one event loop: state, both forms of the API, and deliveries."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import grpc.aio
import uvicorn

from interlock_local.pubsub.broker import Broker
from interlock_local.pubsub.durable_store import DurableStore
from interlock_local.pubsub.grpc_api import grpc_server
from interlock_local.pubsub.methods import methods
from interlock_local.pubsub.protocol_mux import ProtocolMux
from interlock_local.pubsub.push_client import PushClient
from interlock_local.pubsub.push_worker import PushWorker
from interlock_local.pubsub.rest_api import rest_app
from interlock_local.pubsub.subscription_queue import SubscriptionQueue

GRACE_SECONDS = 1.0


class PortTaken(Exception):
    """Another process listens on the port."""


class RestServer(uvicorn.Server):
    """A server that leaves signals to the process, which has other servers to stop as well."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


async def serve(state: Path, *, port: int, project: str | None, stopping: asyncio.Event) -> None:
    """Serve until `stopping` is set; raise PortTaken if the port is taken."""
    async with contextlib.AsyncExitStack() as stack:
        # What is entered first is closed last: the API stops taking calls before deliveries and storage end.
        store, mux = DurableStore(state / "pubsub.db"), ProtocolMux()
        stack.push_async_callback(store.close)
        stack.push_async_callback(mux.close)
        workers = Workers(await stack.enter_async_context(PushClient()))
        stack.push_async_callback(workers.stop)
        broker = Broker(store, workers.start, project=project)
        broker.load()
        table = methods(broker)
        ports = {
            "grpc_port": await _start(grpc_server(broker, table), stack),
            "rest_port": await _start_rest(RestServer(_config(rest_app(table))), stack),
        }
        try:
            listener = await mux.serve(port, **ports)
        except OSError as error:
            raise PortTaken(f"port {port} cannot be used: {error.strerror}") from error
        stack.callback(listener.close)
        await stopping.wait()


class Workers:
    """The tasks that run for each subscription: one expires its leases, one pushes its messages."""

    def __init__(self, client: PushClient) -> None:
        self._client = client
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, queue: SubscriptionQueue) -> None:
        """Start both; they end by themselves when the subscription is deleted."""
        for work in (queue.expire_leases(), PushWorker(queue, self._client).run()):
            task = asyncio.create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Cancel all, with the pushes in flight; the next process delivers those again."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _start(api: grpc.aio.Server, stack: contextlib.AsyncExitStack) -> int:
    port = api.add_insecure_port("127.0.0.1:0")
    await api.start()
    stack.push_async_callback(api.stop, GRACE_SECONDS)
    return port


async def _start_rest(rest: uvicorn.Server, stack: contextlib.AsyncExitStack) -> int:
    private = socket.create_server(("127.0.0.1", 0))
    running = asyncio.create_task(rest.serve([private]))

    async def stop() -> None:
        rest.should_exit = True
        await running

    stack.push_async_callback(stop)
    port: int = private.getsockname()[1]
    return port


def _config(app: object) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        http="h11",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )
