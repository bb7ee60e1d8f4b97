"""The two servers that must behave alike, each as a process of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import urllib3

from interlock_local.emulators.google_emulators import GoogleEmulator, find_emulator
from tests.contract.cloud_run_server import a_free_port, eventually

PROJECT = "interlock-local"
DEADLINE_SECONDS = 30.0


@dataclass
class EmbeddedServer:
    """Our own; `start` again after `kill` continues with the same state."""

    state: Path
    port: int = field(default_factory=a_free_port)
    project: str = PROJECT
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> "EmbeddedServer":
        self.state.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "interlock_local.pubsub", "--port", str(self.port), "--state", str(self.state)]
        command += ["--project", self.project]
        with (self.state / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, stderr=log, env=dict(os.environ))
        eventually(self.answers)
        return self

    def answers(self) -> bool:
        assert self.process
        assert self.process.poll() is None, (self.state / "server.log").read_text()
        try:
            return urllib3.request("GET", f"http://{self.address}/", retries=False, timeout=2.0).status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        assert self.process
        self.process.send_signal(number)
        return self.process.wait(DEADLINE_SECONDS)

    def stop_if_running(self) -> None:
        if self.process and self.process.poll() is None:
            self.stop()


@contextmanager
def embedded(state: Path) -> Iterator[str]:
    server = EmbeddedServer(state).start()
    try:
        yield server.address
    finally:
        server.stop_if_running()


@contextmanager
def official(state: Path) -> Iterator[str]:
    if find_emulator("pubsub") is None:
        pytest.skip("Google's Pub/Sub emulator is not installed (gcloud components install pubsub-emulator)")
    with GoogleEmulator("pubsub", state) as emulator:
        yield emulator.address


SERVERS = {"embedded": embedded, "official": official}
