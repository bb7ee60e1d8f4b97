"""A reconcile that is killed puts off what it had taken: wherever it dies nothing is lost, and this is how long."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from interlock.domain.releases.model import Release, State
from interlock.ledger.interface import Commit
from interlock.ledger.records import Key
from tests.model.cloud_run import Answer, End
from tests.model.faults import crash
from tests.model.world import World

TICK = timedelta(minutes=1)
WAITING = ("r0", "r1")
"""Two releases, each in a lane of its own: one page, of which reconcile may have seen to the first alone."""


class Left(World):
    """A world whose releases wait for nobody but reconcile; every message brought is done with or lost."""

    def send(self, release_id: str, **changes: Any) -> None:
        what = {"release_version": "1", "artifact_path": "gs://artifacts/web.zip", "deployment_script": "run.sh"}
        self.publish({"release_id": release_id, "target_env": "fifo", "service": release_id, **what, **changes})
        self.bring()

    def bring(self) -> None:
        while self.pubsub.held:
            for held in tuple(self.pubsub.held):
                self.deliver(held)
                self.pubsub.acknowledge(held)

    def tick(self) -> None:
        self.reconcile()
        self.bring()

    def release(self, release_id: str) -> Release:
        return self.ledger.releases[release_id]


def unreported(world: Left) -> None:
    for release_id in WAITING:
        world.send(release_id)
    for execution in tuple(world.cloud_run.open()):
        world.cloud_run.begin(execution)
        world.end(execution, how=End.SUCCEEDED, entries=0)


def unstarted(world: Left) -> None:
    world.cloud_run.answers[:] = [Answer.LOST, Answer.LOST]
    for release_id in WAITING:
        world.send(release_id)


def overloaded(world: Left) -> None:
    world.cloud_run.answers[:] = [Answer.OVERLOADED, Answer.OVERLOADED]
    for release_id in WAITING:
        world.send(release_id)


def untold(world: Left) -> None:
    """Whoever started them was killed before the news."""
    for release_id in WAITING:
        world.fuse.arm(BEFORE_THE_NEWS, crash)
        world.send(release_id)
        assert not world.release(release_id).outbox.is_empty


def behind(world: Left, **changes: Any) -> None:
    for release_id in WAITING:
        world.send(f"before-{release_id}", service=release_id)
        world.send(release_id, **changes)


def expiring(world: Left) -> None:
    behind(world, not_after=(world.clock() + timedelta(seconds=30)).isoformat())


def barred(world: Left) -> None:
    """Whoever held their lanes is gone from the ledger, as only a hand in it can do."""
    behind(world)
    for release_id in WAITING:
        held = world.release(f"before-{release_id}")
        closed = replace(held, state=State.SUCCEEDED)
        world.ledger.transact((), lambda _, closed=closed: Commit({Key("releases", closed.release_id): closed}, None))  # type: ignore[misc]


BEFORE_THE_NEWS = 6


@dataclass(frozen=True, slots=True)
class Case:
    """What waits for reconcile, when it is due, how it stands once it was seen to, and how late that may be."""

    leave: Callable[[Left], None]
    due: timedelta
    state: State
    late: timedelta


CASES = (
    Case(unreported, timedelta(seconds=31), State.SUCCEEDED, TICK),
    Case(unstarted, timedelta(seconds=61), State.STARTED, TICK),
    Case(overloaded, timedelta(seconds=11), State.STARTED, TICK),
    Case(untold, timedelta(seconds=16), State.STARTED, TICK),
    Case(expiring, timedelta(seconds=31), State.EXPIRED, TICK),
    Case(barred, timedelta(seconds=301), State.STARTED, timedelta(minutes=5)),
)


def delays(case: Case) -> Iterator[timedelta]:
    """Kill reconcile at its first boundary, its second and so on; yield how late everything was seen to."""
    for boundary in count():
        world = Left()
        case.leave(world)
        due = world.clock.forward(seconds=case.due.total_seconds())
        world.fuse.arm(boundary, crash)
        world.reconcile()
        was_killed = world.fuse.action is None
        world.fuse.disarm()
        world.bring()
        while not is_seen_to(world, case):
            assert world.clock() - due < 2 * case.late, f"lost, killed at boundary {boundary}"
            world.clock.forward(seconds=TICK.total_seconds())
            world.tick()
        yield world.clock() - due
        if not was_killed:
            return


def is_seen_to(world: Left, case: Case) -> bool:
    releases = [world.release(release_id) for release_id in WAITING]
    return all(one.state is case.state and one.outbox.is_empty for one in releases)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.leave.__name__)
def test_what_a_killed_reconcile_had_taken_is_seen_to_a_little_later(case: Case) -> None:
    *killed, undisturbed = delays(case)
    assert undisturbed == timedelta()
    assert max(killed) == case.late
