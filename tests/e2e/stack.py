"""A running local stack as the tests see it: publish, look, wait. All through the public doors."""

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import grpc
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber import SubscriberClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from google.pubsub_v1.types import PubsubMessage

from interlock.bootstrap import FullLedger, open_ledger
from interlock.domain.releases.model import Release
from interlock.ledger.records import Key
from interlock_local.stack import names
from interlock_local.stack.control import start, stop
from interlock_local.stack.plan import StackPlan
from interlock_local.stack.readiness import cloud_run_answers
from interlock_local.stack.state import read_record

DEADLINE_SECONDS = 60.0
COMMAND = (sys.executable, "-c", "from interlock_cli.main import main; main()")
T = TypeVar("T")


def wait_until(look: Callable[[], T], *, within: float = DEADLINE_SECONDS) -> T:
    """Look until there is something to see; return it."""
    deadline = time.monotonic() + within
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return found


@dataclass
class Tail:
    """All status events since it was opened, in the order they came."""

    subscriber: SubscriberClient
    subscription: str

    def pull(self) -> list[dict[str, Any]]:
        """Return the events that came since the last look."""
        answer = self.subscriber.pull(subscription=self.subscription, max_messages=1000, timeout=10)
        received = list(answer.received_messages)
        if received:
            ids = [one.ack_id for one in received]
            self.subscriber.acknowledge(subscription=self.subscription, ack_ids=ids, timeout=10)
        return [json.loads(one.message.data) for one in received]


class Stack:
    """One stack; `up` again after `down` or a kill continues with the same state and ports."""

    def __init__(self, plan: StackPlan) -> None:
        self.plan = plan

    def up(self) -> "Stack":
        start(self.plan)
        return self

    def down(self) -> bool:
        return stop(self.plan.state)

    @property
    def environment(self) -> dict[str, str]:
        """What a shell has after eval "$(interlock local env)"."""
        record = read_record(self.plan.state)
        assert record
        return {**os.environ, **record.environment}

    def pid(self, part: str) -> int:
        """Return the part's process; `supervisor` is one, too."""
        record = read_record(self.plan.state)
        assert record
        return record.supervisor.pid if part == "supervisor" else record.services[part].pid

    def kill(self, part: str) -> int:
        """Kill the part as a crash would; return the pid it had."""
        pid = self.pid(part)
        os.kill(pid, signal.SIGKILL)
        return pid

    def restart_cloud_run(self, jobs: object) -> None:
        """Have Cloud Run know these jobs from now on."""
        self.plan.jobs_file.write_text(json.dumps(jobs))
        killed, address = self.kill(names.CLOUD_RUN), self.plan.address(names.CLOUD_RUN)
        wait_until(lambda: self.pid(names.CLOUD_RUN) != killed and cloud_run_answers(address))

    def command(self, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run `interlock …` against this stack."""
        return run_command(*arguments, environment=self.environment, timeout=timeout)

    @cached_property
    def _channel(self) -> grpc.Channel:
        return grpc.insecure_channel(self.plan.address(names.PUBSUB))

    @cached_property
    def publisher(self) -> PublisherClient:
        return PublisherClient(transport=PublisherGrpcTransport(channel=self._channel))

    @cached_property
    def subscriber(self) -> SubscriberClient:
        return SubscriberClient(transport=SubscriberGrpcTransport(channel=self._channel))

    @cached_property
    def ledger(self) -> FullLedger:
        record = read_record(self.plan.state)
        assert record
        return open_ledger(record.environment["INTERLOCK_LEDGER"])

    def publish(self, document: Mapping[str, Any] | bytes, *, topic: str = names.REQUESTS, **attributes: str) -> str:
        """Publish one message; return its id."""
        data = document if isinstance(document, bytes) else json.dumps(document).encode()
        message = PubsubMessage(data=data, attributes=attributes)
        return str(self.publisher.publish(topic=topic, messages=[message], timeout=10).message_ids[0])

    def release(self, release_id: str) -> Release | None:
        found = self.ledger.read(Key("releases", release_id))
        assert found is None or isinstance(found, Release)
        return found

    def closed(self, release_id: str, *, within: float = DEADLINE_SECONDS) -> Release:
        """Wait until the release is closed; return it."""

        def look() -> Release | None:
            release = self.release(release_id)
            return release if release and release.is_closed else None

        found = wait_until(look, within=within)
        assert found
        return found

    @contextmanager
    def tail(self, topic: str = names.STATUS) -> Iterator[Tail]:
        """Listen to the topic from now on, beside everybody else."""
        name = names.subscription(f"test-{uuid4().hex[:12]}")
        self.subscriber.create_subscription(name=name, topic=topic, timeout=10)
        yield Tail(self.subscriber, name)
        self.subscriber.delete_subscription(subscription=name, timeout=10)

    def artifact(self, **scripts: str) -> str:
        """Pack the scripts (name without .sh → bash text) into a new zip; return its URI."""
        folder = self.plan.state / "artifacts"
        folder.mkdir(exist_ok=True)
        path = folder / f"{uuid4().hex}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in scripts.items():
                archive.writestr(f"{name}.sh", f"#!/usr/bin/env bash\nset -euo pipefail\n{text}\n")
        return path.as_uri()

    def a_request(self, release_id: str | None = None, *, script: str = "true", **changes: Any) -> dict[str, Any]:
        """Return a release request whose artifact holds the script."""
        return {
            "release_id": release_id or f"release-{uuid4().hex[:12]}",
            "release_version": "1.2.4",
            "target_env": f"env-{uuid4().hex[:8]}",
            "artifact_path": self.artifact(deploy=script),
            "deployment_script": "deploy.sh",
            **changes,
        }


def run_command(
    *arguments: str, environment: Mapping[str, str] | None = None, timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run `interlock …` as a process of its own."""
    command: Sequence[str] = (*COMMAND, *arguments)
    return subprocess.run(
        command, check=False, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout
    )


def plan_for(state: Path, **changes: Any) -> StackPlan:
    """Return a plan with free ports, and what differs."""
    from interlock_local.stack.ports import free_ports

    return StackPlan(state=state, ports=free_ports(), **changes)
