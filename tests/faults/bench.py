"""What the fault tests arm, publish and look at."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
from google.cloud import run_v2
from google.cloud.run_v2.services.executions.transports import ExecutionsGrpcTransport

from local import names
from local.plan import DEFAULT_ROUTES
from tests.e2e.stack import Stack, Tail, wait_until
from tests.faults.killing import Faults

FUNCTIONS = Path(__file__).with_name("functions") / "main.py"
SCRIPT = 'echo "$RELEASE_ID" >> "$RELEASE_PARAM_TALLY"'
GONE = "gone"


@dataclass
class Bench:
    """A stack, the faults armed on it, and the file to which every script adds the id of its release."""

    stack: Stack
    armed: Path
    tally: Path

    @property
    def faults(self) -> Faults:
        return Faults(self.armed)

    def request(self, name: str, *, script: str = SCRIPT, **changes: Any) -> dict[str, Any]:
        release_id = f"{name}-{uuid4().hex[:8]}"
        return self.stack.a_request(release_id, script=script, params={"TALLY": str(self.tally)}, **changes)

    def runs(self, release_id: str) -> int:
        return self.tally.read_text().splitlines().count(release_id) if self.tally.exists() else 0

    def state(self, release_id: str) -> str | None:
        release = self.stack.release(release_id)
        return release.state if release else None

    def executions(self, release_id: str) -> list[str]:
        """Return the names of all executions that bear the release."""
        with grpc.insecure_channel(self.stack.plan.address(names.CLOUD_RUN)) as channel:
            client = run_v2.ExecutionsClient(transport=ExecutionsGrpcTransport(channel=channel))
            found = client.list_executions(parent=f"{names.PARENT}/jobs/release-agent", timeout=10)
            return [one.name for one in found if _bears(one, release_id)]

    @contextmanager
    def news(self) -> Iterator["News"]:
        with self.stack.tail() as tail:
            yield News(tail)


def _bears(execution: run_v2.Execution, release_id: str) -> bool:
    variables = execution.template.containers[0].env
    return any(one.name == "INTERLOCK_RELEASE_ID" and one.value == release_id for one in variables)


@dataclass
class News:
    """Status events from now on, each once, by its release."""

    tail: Tail
    events: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)

    def look(self, release_id: str) -> list[dict[str, Any]]:
        """Return the release's events so far, each once, in the order they first came."""
        for event in self.tail.pull():
            known = self.events.setdefault((event["release_id"], event["sequence"]), event)
            assert known == event, "an event told again must be the same event"
        return [event for event in self.events.values() if event["release_id"] == release_id]

    def until(self, release_id: str, state: str) -> list[str]:
        """Wait for the state to be told; return all that was told, after checking that its sequence rises."""
        events = wait_until(lambda: self._told(release_id, state))
        numbers = [event["sequence"] for event in events]
        assert numbers == sorted(numbers)
        return [event["state"] for event in events]

    def _told(self, release_id: str, state: str) -> list[dict[str, Any]]:
        events = self.look(release_id)
        return events if any(event["state"] == state for event in events) else []


def make_routes(path: Path) -> Path:
    """Write the local routes with one in front whose job does not exist; return the file."""
    document = json.loads(DEFAULT_ROUTES.read_text())
    usual = document["routes"][0]
    missing = f"{usual['job']}-that-is-gone".replace("/local/jobs", "/elsewhere/jobs")
    gone = {**usual, "name": "gone", "match": {"service": GONE}, "job": missing}
    path.write_text(json.dumps({**document, "routes": [gone, usual]}))
    return path
