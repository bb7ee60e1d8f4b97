"""One test's view of the shared stack: what it publishes, what is told of it, and doors that hold scripts back."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from jsonschema import Draft202012Validator

from interlock.domain.releases.model import OUTCOMES, Release, State
from tests.e2e.stack import Stack, Tail, wait_until

HERE = Path(__file__).parent
SCHEMAS = HERE.parents[1] / "schemas"
TIDY = '#!/usr/bin/env bash\necho "swept=$TARGET_ENV" >> "$RELEASE_OUTPUTS"\n'
HELD = 'while [ ! -e "$RELEASE_PARAM_DOOR" ]; do sleep 0.05; done'


def held_by(door: Path, *, then: str = "true") -> dict[str, Any]:
    """Return what a request needs so that its script goes on only once the door is there."""
    return {"script": f"{HELD}; {then}", "params": {"DOOR": str(door)}}


def make_routes(folder: Path) -> Path:
    """Write the routes of the shared stack, and the script that one of them gives to maintenance tasks."""
    (folder / "tidy.sh").write_text(TIDY)
    routes = folder / "routes.json"
    routes.write_text((HERE / "routes.json").read_text().replace("file:///SCRIPTS", folder.as_uri()))
    return routes


def complaints(schema: str, document: object) -> list[str]:
    """Return what the schema's reference validator has against the document."""
    validator = Draft202012Validator(json.loads((SCHEMAS / f"{schema}.v1.json").read_text()))
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]


@dataclass
class Story:
    """Publishes, and listens to all status events from its start on."""

    stack: Stack
    tail: Tail
    events: list[dict[str, Any]] = field(default_factory=list)

    def publish(self, release_id: str | None = None, *, script: str = "true", **changes: Any) -> str:
        """Publish a request of the test's own making; return its release id."""
        request = self.stack.a_request(release_id, script=script, **changes)
        self.stack.publish(request)
        return str(request["release_id"])

    @contextmanager
    def holder(self, **changes: Any) -> Iterator[str]:
        """Publish a release that runs until the block ends; it runs when the block begins."""
        door = self.stack.plan.state / f"door-{uuid4().hex}"
        held = self.publish(**held_by(door), **changes)
        self.told(held, "started")
        try:
            yield held
        finally:
            door.touch()

    def listen(self) -> None:
        """Take in the events that came since the last time; each keeps the contract."""
        for event in self.tail.pull():
            assert complaints("status-event", event) == []
            self.events.append(event)

    def find(self, matches: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the first event that matches, heard already or awaited."""

        def look() -> dict[str, Any] | None:
            if not any(map(matches, self.events)):
                self.listen()
            return next(filter(matches, self.events), None)

        return wait_until(look) or {}

    def told(self, release_id: str, state: str) -> dict[str, Any]:
        """Wait until the release is told to have this state; return the event."""
        return self.find(lambda event: event["release_id"] == release_id and event["state"] == state)

    def states(self, release_id: str) -> list[str]:
        """Return the states heard so far, each once, in the order of their sequence."""
        told = {event["sequence"]: event["state"] for event in self.events if event["release_id"] == release_id}
        return [told[sequence] for sequence in sorted(told)]

    def ends(self, release_id: str, state: str) -> tuple[Release, dict[str, Any]]:
        """Wait until the release is closed, in this state and with its word, for the ledger and for the world."""
        release = self.stack.closed(release_id)
        assert release.state == state, release.result
        event = self.told(release_id, state)
        assert event["outcome"] == OUTCOMES[State(state)]
        assert event.get("reason") == release.result.reason
        return release, event

    def messages_of(self, release_id: str) -> int:
        """Return how many messages the release's record has answered."""
        release = self.stack.release(release_id)
        return len(release.message_ids) if release else 0

    def alert(self, matches: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait for an alert that matches; it keeps the contract."""
        found = wait_until(lambda: next(filter(matches, alerts(self.stack)), None)) or {}
        assert complaints("dead-letter-alert", found) == []
        return found


def alerts(stack: Stack) -> Iterator[dict[str, Any]]:
    """Yield the entries that alert_dead_letter has written for Cloud Logging."""
    for line in stack.plan.log("alert_dead_letter").read_text().splitlines():
        if line.startswith("{") and line.endswith("}"):
            entry = json.loads(line)
            if entry.get("event") == "dead_letter":
                yield entry
