"""Runs the real `run-release` as a process, with an environment of its own."""

import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DEADLINE_SECONDS = 30.0


@dataclass(frozen=True)
class Run:
    code: int
    lines: list[dict[str, Any]]

    @property
    def messages(self) -> list[str]:
        return [line["message"] for line in self.lines]


@dataclass
class Bench:
    """A directory with results, artifacts and the variables of one release."""

    root: Path
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.variables = {
            "INTERLOCK_RELEASE_ID": "shop-1.2.4",
            "INTERLOCK_ATTEMPT": "1",
            "INTERLOCK_FENCE": "1",
            "INTERLOCK_RESULTS": f"file://{self.root}/results",
            "INTERLOCK_ALLOWED_SOURCES": f"file://{self.root} http://127.0.0.1",
            "CLOUD_RUN_EXECUTION": "agent-one",
            "RELEASE_VERSION": "1.2.4",
            "TARGET_ENV": "staging",
            "SERVICE": "default",
            "DEPLOYMENT_SCRIPT": "deploy.sh",
        }

    def with_script(self, text: str, name: str = "artifact.zip") -> Path:
        path = self.root / name
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("deploy.sh", text)
        self.variables["ARTIFACT_PATH"] = path.as_uri()
        return path

    def start(self, **changes: str) -> subprocess.Popen[str]:
        environ = {"PATH": os.environ["PATH"], "TMPDIR": str(self.root), **self.variables, **changes}
        command = [str(Path(sys.executable).with_name("run-release"))]
        return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True)

    def run(self, **changes: str) -> Run:
        return finish(self.start(**changes))

    def result(self, index: int = 0, attempt: int = 1) -> Mapping[str, Any]:
        path = self.root / "results" / "shop-1.2.4" / str(attempt) / str(index) / "results.json"
        found: dict[str, Any] = json.loads(path.read_bytes())
        return found


def finish(process: subprocess.Popen[str]) -> Run:
    output, _ = process.communicate(timeout=DEADLINE_SECONDS)
    return Run(process.returncode, [json.loads(line) for line in output.splitlines()])


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.02)
