"""The whole server on one event loop: state, both wire formats, deliveries."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import grpc.aio
import uvicorn

from interlock_local.pubsub.feed import Feed
from interlock_local.pubsub.front import Front
from interlock_local.pubsub.grpc_form import grpc_server
from interlock_local.pubsub.hub import Hub
from interlock_local.pubsub.journal import Journal
from interlock_local.pubsub.methods import methods
from interlock_local.pubsub.push import Pusher
from interlock_local.pubsub.rest_form import rest_app

GRACE_SECONDS = 1.0


class PortTaken(Exception):
    """Another process listens there."""


class Rest(uvicorn.Server):
    """Leaves the signals to the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None are captured here."""
        yield


async def serve(state: Path, *, port: int, project: str | None, stopping: asyncio.Event) -> None:
    """Until `stopping` is set; raises `PortTaken` where the port is taken."""
    journal, front, workers = Journal(state / "pubsub.db"), Front(), Workers()
    hub = Hub(journal, workers.start, project=project)
    hub.load()
    table = methods(hub)
    api, rest = grpc_server(hub, table), Rest(_config(rest_app(table)))
    async with contextlib.AsyncExitStack() as stack:
        # Ended in the opposite order: no new calls, then the running ones, and the journal last.
        for end in (journal.close, front.close, workers.stop):
            stack.push_async_callback(end)
        ports = {"grpc_port": await _start(api, stack), "rest_port": await _start_rest(rest, stack)}
        try:
            listener = await front.serve(port, **ports)
        except OSError as error:
            raise PortTaken(f"port {port} cannot be used: {error.strerror}") from error
        stack.callback(listener.close)
        await stopping.wait()


class Workers:
    """What runs for each subscription: its clock and its pushes."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, feed: Feed) -> None:
        """Both end by themselves when the subscription is deleted."""
        for work in (feed.keep_time(), Pusher(feed).run()):
            task = asyncio.create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Gives up what is in flight; it is delivered again by the next process."""
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
