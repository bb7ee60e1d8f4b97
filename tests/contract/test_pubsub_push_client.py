"""The push client against endpoints that answer well, badly and not at all."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from interlock_local.pubsub.push_client import PushClient, PushFailed
from tests.contract.cloud_run_server import a_free_port
from tests.contract.receivers import http_receiver


def post(url: str, body: bytes = b"{}", *, seconds: float = 30) -> int:
    async def once() -> int:
        async with PushClient() as client:
            return await client.post(url, body, seconds=seconds)

    return asyncio.run(once())


@contextmanager
def silent_endpoint() -> Iterator[str]:
    """Takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


@pytest.mark.parametrize(("refusals", "status"), [(0, 204), (1, 500)])
def test_the_status_of_the_answer_is_returned(refusals: int, status: int) -> None:
    with http_receiver(refusals=refusals) as receiver:
        assert post(receiver.url) == status


def test_a_push_has_googles_headers_and_the_body_unchanged() -> None:
    with http_receiver() as receiver:
        post(receiver.url, '{"message": "ä"}'.encode())
    [received] = receiver.posts
    assert received.body == '{"message": "ä"}'.encode()
    assert received.headers["content-type"] == received.headers["accept"] == "application/json"
    assert received.headers["user-agent"].startswith("APIs-Google")


def test_a_redirect_is_not_followed() -> None:
    with http_receiver(redirects_to="/elsewhere") as receiver:
        assert post(receiver.url) == 307
    assert len(receiver.posts) == 1


def test_an_endpoint_that_does_not_answer_in_time_has_failed() -> None:
    with silent_endpoint() as url, pytest.raises(PushFailed, match="TimeoutError"):
        post(url, seconds=0.2)


def test_an_endpoint_that_nobody_listens_on_has_failed() -> None:
    with pytest.raises(PushFailed, match="ClientConnectorError"):
        post(f"http://127.0.0.1:{a_free_port()}/")


@pytest.mark.parametrize("url", ["http://", "http://127.0.0.1:99999/", "http://no.such.host.invalid/"])
def test_an_address_that_leads_nowhere_has_failed(url: str) -> None:
    with pytest.raises(PushFailed):
        post(url)
