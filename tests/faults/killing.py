"""Ports that kill their own process where a test says so; production code knows nothing of it.

A test arms a fault by making the file `<release id>.<point>` in the directory that FAULTS_DIR names. Whoever removes
the file first carries the fault out, so each happens once.
"""

import json
import os
import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from interlock.domain.release import Release, State
from interlock.domain.transaction import Commit, Decision, Key, Load, Snapshot
from interlock.ports import (
    Ambiguous,
    JobStarter,
    Ledger,
    Outgoing,
    Overloaded,
    Publisher,
    Started,
    StartOrder,
    StartRefused,
)

T = TypeVar("T")

FAULTS_DIR = "FAULTS_DIR"


@dataclass(frozen=True, slots=True)
class Faults:
    """The armed faults of one directory."""

    directory: Path

    def arm(self, release_id: str, point: str) -> None:
        (self.directory / f"{release_id}.{point}").touch()

    def armed(self, release_id: str) -> list[str]:
        return [path.name.removeprefix(f"{release_id}.") for path in self.directory.glob(f"{release_id}.*")]

    def reach(self, release_id: str, point: str) -> None:
        """Lose the whole instance here, master and workers at once, if the test armed it."""
        try:
            (self.directory / f"{release_id}.{point}").unlink()
        except FileNotFoundError:
            return
        os.killpg(os.getpgid(0), signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class KillingLedger:
    """Points before_ and after_ the commit of each claim, confirm and close."""

    inner: Ledger
    faults: Faults

    def transact(self, keys: Iterable[Key], decide: Decision[T]) -> T:
        turns: list[tuple[str, str]] = []

        def watched(snapshot: Snapshot) -> Load | Commit[T]:
            step = decide(snapshot)
            if isinstance(step, Commit):
                turns[:] = _turns(snapshot, step)
                for release_id, turn in turns:
                    self.faults.reach(release_id, f"before_{turn}")
            return step

        result = self.inner.transact(keys, watched)
        for release_id, turn in turns:
            self.faults.reach(release_id, f"after_{turn}")
        return result


def _turns(snapshot: Snapshot, commit: Commit[T]) -> Iterator[tuple[str, str]]:
    for key, after in commit.writes.items():
        before = snapshot.get(key)
        if isinstance(after, Release) and (turn := _turn(before if isinstance(before, Release) else None, after)):
            yield after.release_id, turn


def _turn(before: Release | None, after: Release) -> str | None:
    if before is not None and (before.state, before.fence) == (after.state, after.fence):
        return None
    if after.is_closed:
        return "close"
    return {State.STARTING: "claim", State.STARTED: "confirm"}.get(after.state)


@dataclass(frozen=True, slots=True)
class KillingJobs:
    """Point after_run_job."""

    inner: JobStarter
    faults: Faults

    def start(self, order: StartOrder) -> Started | StartRefused | Overloaded | Ambiguous:
        outcome = self.inner.start(order)
        self.faults.reach(order.environment["INTERLOCK_RELEASE_ID"], "after_run_job")
        return outcome

    def find(self, job: str, environment: Mapping[str, str]) -> Started | None:
        return self.inner.find(job, environment)

    def stop(self, execution: str) -> None:
        self.inner.stop(execution)


@dataclass(frozen=True, slots=True)
class KillingPublisher:
    """Points after_telling_<state>, after_resume (of the release that is resumed) and after_dead_letter."""

    inner: Publisher
    faults: Faults

    def publish(self, topic: str, messages: Sequence[Outgoing]) -> None:
        self.inner.publish(topic, messages)
        for message in messages:
            self.faults.reach(*_told(topic, message))


def _told(topic: str, message: Outgoing) -> tuple[str, str]:
    body = json.loads(message.data)
    if topic.endswith("/release-dead-letters"):
        return body["release_id"], "after_dead_letter"
    if "resume" in body:
        return body["resume"], "after_resume"
    return message.attributes["release_id"], f"after_telling_{message.attributes['state']}"
