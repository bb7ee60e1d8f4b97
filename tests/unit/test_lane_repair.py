"""No lock outlives its holder: whoever asks to start is not kept waiting by releases that are over or gone."""

from dataclasses import replace

import pytest

from interlock.domain.releases.effects import NoEffect, StartExecution
from interlock.domain.releases.events import Resume
from interlock.domain.releases.lane import Lane, Waiting
from interlock.domain.releases.model import Release, State
from interlock.ledger.interface import Commit
from interlock.ledger.records import Key, Record
from interlock.services.release_transaction import Applied, apply_event, lane_key, release_key
from tests.build import a_context, a_release, apply, at
from tests.fakes import MemoryLedger

WAITING = a_release("web-2", published=2)


def ledger_of(lane: Lane, *releases: Release) -> MemoryLedger:
    ledger = MemoryLedger()
    writes: dict[Key, Record] = {release_key(one.release_id): one for one in releases}
    ledger.transact((), lambda _: Commit({**writes, Key("lanes", lane.key): lane}, None))
    return ledger


def a_lane(*holders: str, ahead: tuple[Waiting, ...] = ()) -> Lane:
    return Lane(key="staging/web", holders=holders, queue=(*ahead, Waiting(at(2), "web-2")))


def resumed(ledger: MemoryLedger) -> tuple[Applied, Lane]:
    stepped = apply(ledger, "web-2", Resume())
    key = lane_key(WAITING)
    lane = ledger.read(key) if key else None
    assert isinstance(lane, Lane)
    return stepped, lane


STRANGERS = {
    "closed": a_release("web-1", state=State.SUCCEEDED),
    "queued": a_release("web-1", state=State.QUEUED),
    "in another lane": a_release("web-1", state=State.STARTED, plan={"lane": "staging/other"}),
    "without a plan": replace(a_release("web-1", state=State.REJECTED), plan=None),
}


@pytest.mark.parametrize("holder", [*STRANGERS.values(), None], ids=[*STRANGERS, "gone"])
def test_a_lane_is_not_held_by_a_release_that_is_over_or_gone(holder: Release | None) -> None:
    stepped, lane = resumed(ledger_of(a_lane("web-1"), WAITING, *([holder] if holder else [])))
    assert stepped.effects == (StartExecution(),)
    assert lane.holders == ("web-2",)


@pytest.mark.parametrize("state", [State.STARTING, State.STARTED])
def test_a_lane_is_held_by_a_release_that_is_open(state: State) -> None:
    stepped, lane = resumed(ledger_of(a_lane("web-1"), WAITING, a_release("web-1", state=state)))
    assert stepped.effects == (NoEffect("lane_held"),)
    assert lane.holders == ("web-1",)


@pytest.mark.parametrize("first", [STRANGERS["closed"], STRANGERS["in another lane"], None])
def test_nobody_waits_behind_releases_that_are_over_or_gone(first: Release | None) -> None:
    ahead = (Waiting(at(0), "web-0"), Waiting(at(1), "web-1"))
    stepped, lane = resumed(ledger_of(a_lane(ahead=ahead), WAITING, *([first] if first else [])))
    assert stepped.effects == (StartExecution(),)
    assert lane == Lane(key="staging/web", holders=("web-2",))


def test_a_release_waits_behind_one_that_waits() -> None:
    stepped, lane = resumed(ledger_of(a_lane(ahead=(Waiting(at(1), "web-1"),)), WAITING, a_release("web-1")))
    assert stepped.effects == (NoEffect("not_next"),)
    assert [entry.release_id for entry in lane.queue] == ["web-1", "web-2"]


def test_a_lane_is_repaired_only_while_the_records_say_so() -> None:
    """Whoever read the release before the lane may be wrong about it: its own claim looks like a stranger's then."""
    lane = a_lane("web-1")
    read: dict[Key, Record | None] = {
        release_key("web-2"): WAITING,
        Key("lanes", lane.key): lane,
        release_key("web-1"): STRANGERS["closed"],
    }
    decided = apply_event("web-2", Resume(), a_context())(read)
    assert isinstance(decided, Commit)
    assert decided.writes.keys() == read.keys()
    assert decided.writes[release_key("web-1")] == STRANGERS["closed"]


def test_one_stranger_among_the_holders_of_a_parallel_lane_makes_room_for_one() -> None:
    waiting = a_release("web-2", published=2, plan={"capacity": 2})
    running = a_release("web-1", state=State.STARTED)
    stepped, lane = resumed(ledger_of(a_lane("gone", "web-1"), waiting, running))
    assert stepped.effects == (StartExecution(),)
    assert lane.holders == ("web-1", "web-2")
