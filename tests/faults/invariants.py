"""What must hold of every release, whatever was killed, failed or came late."""

from collections.abc import Iterable
from dataclasses import dataclass

from interlock.domain.releases.lane import Lane
from interlock.domain.releases.model import Release
from interlock.domain.releases.ownership import SEALED
from interlock.ledger.records import Key
from tests.e2e.stack import wait_until
from tests.faults.bench import Bench
from tests.faults.letters import assert_on_call_knows
from tests.faults.tally import lanes, overlaps, read

AS_IT_MUST_BE = "as it must be"
"""What a table of cells says of one that has kept every rule; of all others it says what is wrong."""
QUIET_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Fate:
    """How a release is to end, how often its script is to have run, and in how many executions, if that is certain.

    `is_letter`: its message ends as a dead letter. `is_sealed`: no start of it may run its script any more.
    """

    release_id: str
    state: str = "succeeded"
    runs: int = 1
    executions: int | None = None
    is_letter: bool = False
    is_sealed: bool = False


def assert_invariants(bench: Bench, fate: Fate) -> None:
    """Wait until the release is closed and nothing of it is left to do; then hold it to every rule.

    One script run per attempt; one closing state, told at least once and always under the same id; the sequence
    rises; nothing is left to be sent; no lane is held by it, and no other script of its lane ran beside its own.
    """
    release = wait_until(lambda: _settled(bench, fate.release_id), within=QUIET_SECONDS)
    assert release
    assert (release.state.value, release.attempt) == (fate.state, 1), f"{fate}: {release.state}, {release.result}"
    assert bench.marks(fate.release_id, "start") == fate.runs, f"{fate}: not one run"
    if fate.executions is not None:
        assert len(bench.executions(fate.release_id)) == fate.executions, f"{fate}: not as many executions"
    _assert_told(bench, fate)
    _assert_rises([step.sequence for step in release.history], fate)
    _assert_lane_is_left(bench, release)
    assert not fate.is_sealed or bench.owner(fate.release_id) == SEALED, f"{fate}: the fence is not sealed"
    if fate.is_letter:
        assert_on_call_knows(bench, fate.release_id)


def all_over(bench: Bench, fates: Iterable[Fate]) -> bool:
    """Whether all these releases are closed, with everything told that there is to tell."""
    return all(_settled(bench, fate.release_id) for fate in fates)


def _settled(bench: Bench, release_id: str) -> Release | None:
    release = bench.stack.release(release_id)
    is_quiet = release is not None and release.is_closed and release.outbox.is_empty
    return release if is_quiet and release and bench.news.has(release_id, release.state.value) else None


def _assert_told(bench: Bench, fate: Fate) -> None:
    told = bench.news.of(fate.release_id)
    bodies = {one.event_id: one.body for one in told}
    assert all(bodies[one.event_id] == one.body for one in told), f"{fate}: one id told two things"
    closing = {one.event_id for one in told if "outcome" in one.body}
    assert len(closing) == 1, f"{fate}: closed under {sorted(closing)}"
    assert next(one.body["state"] for one in told if "outcome" in one.body) == fate.state
    _assert_rises([body["sequence"] for body in bodies.values()], fate)


def _assert_rises(sequences: list[int], fate: Fate) -> None:
    assert sequences == sorted(set(sequences)), f"{fate}: the sequence does not rise: {sequences}"


def _assert_lane_is_left(bench: Bench, release: Release) -> None:
    if release.plan is None:
        return
    lane = bench.stack.ledger.read(Key("lanes", release.plan.lane))
    if isinstance(lane, Lane):
        waiting = [entry.release_id for entry in lane.queue]
        assert release.release_id not in (*lane.holders, *waiting), f"{release.release_id} has not left its lane"


def assert_nobody_overlapped(bench: Bench) -> None:
    """Hold all lanes to their order: scripts of one lane run one after the other, and none is left holding."""
    for lane, marks in lanes(read(bench.tally)).items():
        assert overlaps(marks) == [], f"two scripts ran at once in {lane}"
