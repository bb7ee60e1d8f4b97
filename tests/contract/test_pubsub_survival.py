"""The embedded Pub/Sub keeps what it took: killed at any time and started again, it goes on where it was."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from google import pubsub_v1
from google.api_core import exceptions

from tests.contract.cloud_run_server import eventually
from tests.contract.pubsub_client import payloads, pubsub_at
from tests.contract.pubsub_endpoint import endpoint
from tests.contract.pubsub_servers import DEADLINE_SECONDS, EmbeddedServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    running = EmbeddedServer(tmp_path / "state").start()
    yield running
    running.stop_if_running()


def killed_and_started(server: EmbeddedServer) -> None:
    server.stop(signal.SIGKILL)
    server.start()


def test_what_was_published_is_delivered_after_a_kill(server: EmbeddedServer) -> None:
    with pubsub_at(server.address) as pubsub:
        topic = pubsub.topic()
        reader = pubsub.subscription(topic)
        published = pubsub.publish(topic, b"kept", key="k", target="staging")
    killed_and_started(server)
    with pubsub_at(server.address) as pubsub:
        [received] = pubsub.pull(reader)
    assert (received.message.message_id, received.message.data) == (published, b"kept")
    assert (received.message.ordering_key, dict(received.message.attributes)) == ("k", {"target": "staging"})


def test_what_was_acknowledged_does_not_come_back_after_a_kill(server: EmbeddedServer) -> None:
    with pubsub_at(server.address) as pubsub:
        topic = pubsub.topic()
        reader = pubsub.subscription(topic)
        pubsub.publish_all(topic, [b"done", b"left"])
        done = [each for each in pubsub.pull(reader, count=2) if each.message.data == b"done"]
        pubsub.acknowledge(reader, done)
    killed_and_started(server)
    with pubsub_at(server.address) as pubsub:
        assert payloads(pubsub.pull(reader)) == [b"left"]
        assert pubsub.stays_empty(reader)


def test_a_reader_that_outlived_the_server_may_still_acknowledge(server: EmbeddedServer) -> None:
    with pubsub_at(server.address) as pubsub:
        topic = pubsub.topic()
        reader = pubsub.subscription(topic)
        pubsub.publish(topic, b"in hand")
        in_hand = pubsub.pull(reader)
    killed_and_started(server)
    with pubsub_at(server.address) as pubsub:
        pubsub.acknowledge(reader, in_hand)
        assert pubsub.stays_empty(reader)


def test_delivery_attempts_are_not_forgotten(server: EmbeddedServer) -> None:
    with pubsub_at(server.address) as pubsub:
        topic, dead_letters = pubsub.topic(), pubsub.topic("dead-letters")
        reader = pubsub.subscription(topic, dead_letter_policy={"dead_letter_topic": dead_letters})
        pubsub.publish(topic, b"counted")
        for _ in range(3):
            pubsub.nack(reader, pubsub.pull(reader))
    killed_and_started(server)
    with pubsub_at(server.address) as pubsub:
        [received] = pubsub.pull(reader)
    assert received.delivery_attempt == 4


def test_a_push_goes_on_after_a_kill(server: EmbeddedServer) -> None:
    statuses = [500]
    with endpoint(lambda _body: statuses[0]) as there:
        with pubsub_at(server.address) as pubsub:
            topic = pubsub.topic()
            pubsub.push(topic, there.url, retry_policy={"minimum_backoff": {"nanos": 10**8}})
            pubsub.publish(topic, b"again")
            eventually(lambda: len(there.posts) > 1)
        server.stop(signal.SIGKILL)
        before = len(there.posts)
        statuses[0] = 204
        server.start()
        eventually(lambda: len(there.posts) > before)


def test_no_confirmed_message_is_lost_in_a_burst(server: EmbeddedServer) -> None:
    confirmed: list[str] = []

    def publish(number: int) -> None:
        try:
            message = pubsub_v1.PubsubMessage(data=f"{number}".encode())
            answer = pubsub.publisher.publish(topic=topic, messages=[message], retry=None, timeout=10)
            confirmed.extend(answer.message_ids)
        except exceptions.GoogleAPICallError:
            return

    with pubsub_at(server.address) as pubsub, ThreadPoolExecutor(16) as burst:
        topic = pubsub.topic()
        reader = pubsub.subscription(topic)
        for number in range(500):
            burst.submit(publish, number)
        eventually(lambda: len(confirmed) > 100)
        server.stop(signal.SIGKILL)
        burst.shutdown(cancel_futures=True)
    server.start()
    with pubsub_at(server.address) as pubsub:
        came = pubsub.pull(reader, count=len(confirmed))
        came += pubsub.peek(reader, most=500)
    assert set(confirmed) <= {each.message.message_id for each in came}


def test_a_message_id_is_never_given_twice(server: EmbeddedServer) -> None:
    with pubsub_at(server.address) as pubsub:
        topic = pubsub.topic()
        first = [pubsub.publish(topic, b"nobody reads it") for _ in range(50)]
    killed_and_started(server)
    with pubsub_at(server.address) as pubsub:
        second = [pubsub.publish(topic, b"nobody reads it") for _ in range(50)]
    assert len({*first, *second}) == 100


def test_asked_to_stop_it_ends_cleanly_while_a_stream_and_a_push_are_open(server: EmbeddedServer) -> None:
    with endpoint(lambda _body: 500) as there, pubsub_at(server.address) as pubsub:
        topic = pubsub.topic()
        pubsub.push(topic, there.url)
        pubsub.publish(topic, b"refused")
        eventually(lambda: there.posts)
        request = {"subscription": pubsub.subscription(topic, label="open"), "stream_ack_deadline_seconds": 10}
        stream = pubsub.subscriber.streaming_pull(requests=iter([request]))
        assert server.stop() == 0
        stream.cancel()
    assert "Traceback" not in (server.state / "server.log").read_text()


def test_asked_to_stop_it_waits_for_no_endpoint_however_many_are_slow(server: EmbeddedServer) -> None:
    is_over = threading.Event()

    def hang(_body: object) -> int:
        is_over.wait(2 * DEADLINE_SECONDS)
        return 204

    with endpoint(hang) as there, pubsub_at(server.address) as pubsub:
        topic = pubsub.topic()
        for label in ("one", "two", "three", "four"):
            pubsub.push(topic, there.url, label=label, ack_deadline_seconds=600)
        pubsub.publish_all(topic, [b"slow"] * 10)
        eventually(lambda: len(there.posts) == 40)
        assert server.stop() == 0
        is_over.set()


def test_a_taken_port_is_reported_in_one_line(server: EmbeddedServer, tmp_path: Path) -> None:
    options = ["--port", str(server.port), "--state", str(tmp_path / "other")]
    done = subprocess.run(
        [sys.executable, "-m", "interlock_local.pubsub", *options],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode != 0
    assert str(server.port) in done.stderr
    assert "Traceback" not in done.stderr


def test_names_of_another_project_are_refused_where_one_is_named(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / "state", project="another")
    try:
        with pubsub_at(server.start().address) as pubsub, pytest.raises(exceptions.NotFound, match="project=interlock"):
            pubsub.topic()
    finally:
        server.stop_if_running()
