"""One run of the agent's image under all restrictions, and how its processes look from outside."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

AGENT = Path(__file__).parents[2] / "agent"
TAG = "localhost/interlock-agent:proof"
DEADLINE_SECONDS = 60.0


class Container:
    """One run of the image under all restrictions; `/data` holds the script and the results."""

    def __init__(self, runner: str, directory: Path, script: str, *, tag: str = TAG) -> None:
        self.directory = directory
        directory.chmod(0o777)
        (directory / "deploy.sh").write_text(script)
        variables = {
            "INTERLOCK_RELEASE_ID": directory.name,
            "INTERLOCK_ATTEMPT": "1",
            "INTERLOCK_FENCE": "1",
            "INTERLOCK_RESULTS": "file:///data/results",
            "INTERLOCK_ALLOWED_SOURCES": "file:///data",
            "INTERLOCK_GRACE_SECONDS": "2",
            "CLOUD_RUN_EXECUTION": "agent-one",
            "DEPLOYMENT_SCRIPT": "file:///data/deploy.sh",
        }
        given = [word for name, value in variables.items() for word in ("-e", f"{name}={value}")]
        command = [runner, "-t", tag, "--run-only", "--hard", *given, "-v", f"{directory}:/data", str(AGENT)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def wait(self) -> tuple[int, list[str]]:
        """Return the container's exit code and what it told."""
        told, _ = self._process.communicate(timeout=DEADLINE_SECONDS)
        return self._process.returncode, [json.loads(line)["message"] for line in told.splitlines() if line[:1] == "{"]

    def result(self) -> dict[str, Any]:
        path = self.directory / "results" / self.directory.name / "1" / "0" / "results.json"
        found: dict[str, Any] = json.loads(path.read_bytes())
        return found

    def terminate(self) -> None:
        """Signal the container's PID 1 as the platform does, once the script is up."""
        wait_until((self.directory / "up").exists)
        os.kill(self._first(), signal.SIGTERM)

    def _first(self) -> int:
        mark = f"INTERLOCK_RELEASE_ID={self.directory.name}".encode()
        found = [pid for pid in pids() if mark in read(pid, "environ").split(b"\0") and inner_pid(pid) == 1]
        assert len(found) == 1, f"PID 1 of the container: {found}"
        assert b"interlock_agent.main" in read(found[0], "cmdline"), "the agent itself is PID 1"
        return found[0]


def pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def inner_pid(pid: int) -> int:
    """Return the process's number in its innermost namespace."""
    lines = [line.split() for line in read(pid, "status").splitlines() if line.startswith(b"NSpid:")]
    return int(lines[0][-1]) if lines else 0


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.05)
