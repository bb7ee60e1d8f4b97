"""Google's own emulators of Pub/Sub and Firestore, from an installed Cloud SDK, each run as a process of its own."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import urllib3

Kind = Literal["pubsub", "firestore"]

START_SECONDS = 60.0
STOP_SECONDS = 10.0
SCRIPTS: dict[Kind, str] = {
    "pubsub": "platform/pubsub-emulator/bin/cloud-pubsub-emulator",
    "firestore": "platform/cloud-firestore-emulator/cloud_firestore_emulator",
}
COMPONENTS: dict[Kind, str] = {"pubsub": "pubsub-emulator", "firestore": "cloud-firestore-emulator"}
ENVIRONMENT: dict[Kind, str] = {"pubsub": "PUBSUB_EMULATOR_HOST", "firestore": "FIRESTORE_EMULATOR_HOST"}


class EmulatorMissing(RuntimeError):
    """Google's emulator, or the Java it needs, is not installed here."""


class EmulatorFailed(RuntimeError):
    """The emulator ended, or did not answer, before it was ready."""


def find_emulator(kind: Kind) -> Path | None:
    """Return the script that starts it; None if the Cloud SDK, the component or Java is missing."""
    root = _sdk_root()
    script = root / SCRIPTS[kind] if root else None
    return script if script and script.exists() and shutil.which("java") else None


def _sdk_root() -> Path | None:
    if not shutil.which("gcloud"):
        return None
    command = ["gcloud", "info", "--format=value(installation.sdk_root)"]
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return Path(found) if found else None


class GoogleEmulator:
    """One running emulator: `with GoogleEmulator("pubsub", tmp_path) as emulator: emulator.address`.

    It has a process group of its own, which is gone when the block ends, as the script starts Java as a child.
    """

    def __init__(self, kind: Kind, state: Path, *, port: int | None = None) -> None:
        self.kind = kind
        self.port = port or _free_port()
        self.log = state / f"official-{kind}.log"
        self._state = state
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """`host:port`, the form that the clients' environment variables take."""
        return f"127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What points Google's clients at this emulator."""
        return {ENVIRONMENT[self.kind]: self.address}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Return when it answers; raise EmulatorMissing or EmulatorFailed if it never will."""
        script = find_emulator(self.kind)
        if script is None:
            raise EmulatorMissing(
                f"install it with: gcloud components install {COMPONENTS[self.kind]} (and a Java 17+)"
            )
        self._state.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(script), "--host=127.0.0.1", f"--port={self.port}"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the whole group, with SIGTERM first; stopping it again does nothing."""
        process, self._process = self._process, None
        if process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            if _is_gone(process.pid):
                break
            os.killpg(process.pid, number)
            _wait(lambda: process.poll() is not None and _is_gone(process.pid), seconds=STOP_SECONDS)
        process.wait()

    def _wait_until_ready(self) -> None:
        process = self._process
        assert process
        _wait(lambda: process.poll() is not None or self._answers(), seconds=START_SECONDS)
        if process.poll() is None and self._answers():
            return
        raise EmulatorFailed(f"the {self.kind} emulator did not start on {self.address}; its log is {self.log}")

    def _answers(self) -> bool:
        try:
            response = urllib3.request("GET", f"http://{self.address}/", retries=False, timeout=2.0)
        except urllib3.exceptions.HTTPError:
            return False
        return response.status == 200


def _is_gone(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def _wait(condition: Callable[[], bool], *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
