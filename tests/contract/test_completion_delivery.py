"""Completions on their way out of the Cloud Run stand-in: to both destinations, each at least once."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.contract.cloud_run_server import Client, CloudRunServer, a_free_port, eventually
from tests.contract.receivers import HttpReceiver, TopicReceiver, http_receiver, topic_receiver

TOPIC = "projects/interlock-local/topics/release-completions"
JOBS = {
    "good": {"command": ["/bin/true"], "env": {"WHO": "me"}},
    "bad": {"command": ["/bin/false"]},
    "endless": {"command": ["/bin/sleep", "600"]},
    "discreet": {"command": ["/bin/sleep", "600"], "silent_cancel": True},
}


def a_server(state: Path, *, http: HttpReceiver | None = None, topic: TopicReceiver | None = None) -> CloudRunServer:
    deliver = {"eventarc_url": http.url} if http else {}
    env = {"PATH": os.environ["PATH"]}
    if topic:
        deliver["sink_topic"] = TOPIC
        env["PUBSUB_EMULATOR_HOST"] = topic.host
    return CloudRunServer(state, JOBS, deliver=deliver, env=env)


@contextmanager
def running(state: Path, *, http: HttpReceiver | None = None, topic: TopicReceiver | None = None) -> Iterator[Client]:
    server = a_server(state, http=http, topic=topic).start()
    try:
        with server.client() as client:
            yield client
    finally:
        assert server.stop() == 0


def published(topic: TopicReceiver) -> list[Any]:
    return [json.loads(message.data) for request in topic.requests for message in request.messages]


def test_a_completion_arrives_at_both_destinations(tmp_path: Path) -> None:
    with http_receiver() as http, topic_receiver() as topic, running(tmp_path, http=http, topic=topic) as client:
        name = client.run("good", env={"WHO": "you"})
        post, request = eventually(lambda: http.posts)[0], eventually(lambda: topic.requests)[0]
    short = name.rpartition("/")[2]
    assert post.headers["ce-type"] == "google.cloud.audit.log.v1.written"
    assert post.headers["ce-resourcename"] == f"namespaces/interlock-local/executions/{short}"
    assert "@type" not in post.json()["protoPayload"]
    entry = json.loads(request.messages[0].data)
    assert request.topic == TOPIC
    assert request.messages[0].attributes == {"logging.googleapis.com/timestamp": entry["timestamp"]}
    assert entry["protoPayload"].pop("@type") == "type.googleapis.com/google.cloud.audit.AuditLog"
    assert entry == post.json()
    (container,) = entry["protoPayload"]["response"]["spec"]["template"]["spec"]["containers"]
    assert container["env"] == [{"name": "WHO", "value": "you"}]


def test_a_refused_delivery_is_repeated_with_the_same_event_id(tmp_path: Path) -> None:
    with http_receiver(refusals=2) as http, running(tmp_path, http=http) as client:
        client.run("bad")
        eventually(lambda: len(http.posts) == 3)
    assert len({post.headers["ce-id"] for post in http.posts}) == 1


def test_a_destination_that_refuses_does_not_delay_the_other(tmp_path: Path) -> None:
    with (
        http_receiver(refusals=1000) as http,
        topic_receiver() as topic,
        running(tmp_path, http=http, topic=topic) as client,
    ):
        client.run("good")
        client.run("bad")
        eventually(lambda: len(published(topic)) == 2)


def test_a_topic_that_refuses_at_first_gets_the_entry_in_the_end(tmp_path: Path) -> None:
    with topic_receiver(refusals=2) as topic, running(tmp_path, topic=topic) as client:
        client.run("good")
        eventually(lambda: published(topic))


def test_an_undelivered_entry_survives_the_servers_death(tmp_path: Path) -> None:
    nobody = HttpReceiver(url=f"http://127.0.0.1:{a_free_port()}/")
    first = a_server(tmp_path, http=nobody).start()
    try:
        with first.client() as client:
            client.completed(client.run("good"))
    finally:
        first.stop(signal.SIGKILL)
    with http_receiver() as http, running(tmp_path, http=http):
        post = eventually(lambda: http.posts)[0]
    assert post.json()["severity"] == "INFO"


def test_a_cancel_is_reported_with_code_2_unless_the_job_keeps_it_silent(tmp_path: Path) -> None:
    with http_receiver() as http, running(tmp_path, http=http) as client:
        for job in ("discreet", "endless"):
            name = client.run(job)
            client.executions.cancel_execution(name=name)
            client.completed(name)
        client.completed(client.run("good"))
        eventually(lambda: len(http.posts) == 2)
    entries = [post.json() for post in http.posts]
    codes = {entry["resource"]["labels"]["job_name"]: entry["protoPayload"]["status"].get("code") for entry in entries}
    assert codes == {"endless": 2, "good": None}


def test_the_scheduler_ticks_as_google_does_and_survives_a_dead_receiver(tmp_path: Path) -> None:
    port = a_free_port()
    command = [
        sys.executable,
        "-m",
        "interlock_local.scheduler",
        "--url",
        f"http://127.0.0.1:{port}/tick",
        "--every",
        "0.1",
    ]
    with (tmp_path / "log").open("wb") as log:
        scheduler = subprocess.Popen(command, stderr=log)
    try:
        eventually(lambda: b"tick failed" in (tmp_path / "log").read_bytes())
        with http_receiver(refusals=1, port=port) as http:
            eventually(lambda: len(http.posts) >= 3)
    finally:
        scheduler.terminate()
        assert scheduler.wait(10) == 0
    assert http.posts[0].headers["user-agent"] == "Google-Cloud-Scheduler"
    assert http.posts[0].headers["x-cloudscheduler"] == "true"
    assert http.posts[0].headers["x-cloudscheduler-jobname"] == "reconcile-releases"
