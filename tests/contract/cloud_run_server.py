"""Runs the Cloud Run stand-in as a process of its own and talks to it through Google's own clients."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlparse

import grpc
from google.cloud import run_v2
from google.cloud.run_v2.services.executions.transports import ExecutionsGrpcTransport
from google.cloud.run_v2.services.jobs.transports import JobsGrpcTransport

from interlock_local.stack.ports import some_free_ports

PARENT = "projects/interlock-local/locations/local"
DEADLINE_SECONDS = 30.0
T = TypeVar("T")
ENV = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "SECRET_OF_THE_SERVER": "1"}


def sh(script: str, **settings: Any) -> dict[str, Any]:
    return {"command": ["/bin/sh", "-c", script], **settings}


JOBS = {
    "good": sh('echo "hello $WHO"', env={"WHO": "world", "KEPT": "yes"}),
    "bad": sh("exit 3"),
    "environment": sh("env"),
    "arguments": {"command": ["/bin/echo", "said"], "args": ["one", "two"]},
    "polite": sh("trap 'echo left in peace; exit 0' TERM; echo ready; while :; do sleep 0.05; done", timeout_seconds=1),
    "stubborn": sh("trap '' TERM; echo ready; while :; do sleep 0.05; done", timeout_seconds=60),
    "litter": sh("setsid sleep 600 & sleep 600 & echo ready"),
    "flaky": sh('echo "try $CLOUD_RUN_TASK_ATTEMPT"; test "$CLOUD_RUN_TASK_ATTEMPT" = 1', max_retries=1),
    "hopeless": sh("exit 1", max_retries=2),
    "slow": sh("echo ready; sleep 1; echo done"),
    "endless": sh("echo ready; sleep 600"),
    "narrow": sh("sleep 0.1", task_count=3, parallelism=1),
    "missing": {"command": ["/no/such/command"]},
}


def a_free_port() -> int:
    return next(some_free_ports())


def eventually(look: Callable[[], T], *, within: float = DEADLINE_SECONDS) -> T:
    deadline = time.monotonic() + within
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return found


def is_answering(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class CloudRunServer:
    """One stand-in; `start` again after `kill` continues with the same state."""

    state: Path
    jobs: Mapping[str, Any]
    deliver: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=a_free_port)
    process: "subprocess.Popen[bytes] | None" = None

    def start(self, *options: str) -> "CloudRunServer":
        self.state.mkdir(exist_ok=True)
        jobs = self.state / "jobs.json"
        place = {"project": "interlock-local", "location": "local"}
        jobs.write_text(json.dumps({**place, "jobs": self.jobs, "deliver": self.deliver}))
        command = [
            sys.executable,
            "-m",
            "interlock_local.cloud_run",
            "--port",
            str(self.port),
            "--state",
            str(self.state),
        ]
        with (self.state / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--jobs", str(jobs), "--grace", "1", *options], stderr=log, env=dict(self.env)
            )
        eventually(lambda: is_answering(self.port))
        return self

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        assert self.process
        self.process.send_signal(number)
        return self.process.wait(DEADLINE_SECONDS)

    def stop_if_running(self) -> None:
        """For a fixture's end: whatever the test did, nothing runs after it."""
        if self.process and self.process.poll() is None:
            self.stop()

    @contextmanager
    def client(self) -> Iterator["Client"]:
        with grpc.insecure_channel(f"127.0.0.1:{self.port}") as channel:
            yield Client(channel)


class Client:
    """The two Google clients over one channel, with short methods for what the tests do."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.jobs = run_v2.JobsClient(transport=JobsGrpcTransport(channel=channel))
        self.executions = run_v2.ExecutionsClient(transport=ExecutionsGrpcTransport(channel=channel))

    def operation(self, job: str, *, env: Mapping[str, str] | None = None, **overrides: Any) -> Any:
        variables = [run_v2.EnvVar(name=name, value=value) for name, value in (env or {}).items()]
        containers = [{"env": variables}] if env else []
        request = {"name": f"{PARENT}/jobs/{job}", "overrides": {"container_overrides": containers, **overrides}}
        return self.jobs.run_job(request=request, timeout=10)

    def run(self, job: str, *, env: Mapping[str, str] | None = None, **overrides: Any) -> str:
        name: str = self.operation(job, env=env, **overrides).metadata.name
        return name

    def completed(self, name: str) -> run_v2.Execution:
        def look() -> run_v2.Execution | None:
            execution = self.executions.get_execution(name=name)
            return execution if execution.completion_time else None

        found = eventually(look)
        assert found
        return found

    def log(self, name: str, task: int = 0) -> str:
        execution = self.executions.get_execution(name=name)
        path = Path(urlparse(execution.log_uri).path) / f"{task}.log"
        return path.read_text() if path.exists() else ""


def completed_condition(execution: run_v2.Execution) -> run_v2.Condition:
    return next(condition for condition in execution.conditions if condition.type_ == "Completed")


def processes_of(name: str) -> list[Path]:
    marker = f"CLOUD_RUN_EXECUTION={name.rpartition('/')[2]}".encode()
    return [one for one in Path("/proc").glob("[0-9]*/environ") if marker in read(one)]


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
