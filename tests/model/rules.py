"""What must hold of every commit, and of the world after every step."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from interlock.domain.lane import Lane
from interlock.domain.release import Release, State
from interlock.domain.route import LaneMode
from interlock.domain.transaction import Key, Record
from tests.fakes import Clock

if TYPE_CHECKING:
    from tests.model.world import World

HOLDING = {State.STARTING, State.STARTED}


class CommitRules:
    """Judges each commit by the records before and after it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def watch(self, before: Mapping[Key, Record], writes: Mapping[Key, Record]) -> None:
        for key, now in writes.items():
            was = before.get(key)
            if isinstance(now, Release):
                self._judge(before, was if isinstance(was, Release) else None, now)

    def _judge(self, before: Mapping[Key, Record], was: Release | None, now: Release) -> None:
        if was is not None:
            _forward(was, now)
        is_new = was is None or was.attempt < now.attempt
        if now.state is State.STARTING and (is_new or was is None or was.state is State.QUEUED):
            self._in_order(before, now)
            assert now.not_after is None or now.not_after > self._clock(), "started after its not_after"
        if now.state is State.QUEUED and is_new and now.plan:
            waiting = [one for one in _queued(before, now.plan.lane) if now.plan.lane_mode is not LaneMode.NEWEST]
            assert len(waiting) < now.plan.max_queue, "queued beyond max_queue"

    def _in_order(self, before: Mapping[Key, Record], now: Release) -> None:
        assert now.plan is not None
        earlier = [one for one in _queued(before, now.plan.lane) if _place(one) < _place(now)]
        assert not earlier, f"{now.release_id} overtook {[one.release_id for one in earlier]}"


def _queued(records: Mapping[Key, Record], lane: str) -> Iterator[Release]:
    releases = (one for one in records.values() if isinstance(one, Release))
    return (one for one in releases if one.state is State.QUEUED and one.plan and one.plan.lane == lane)


def _place(release: Release) -> tuple[object, str]:
    return release.source.publish_time, release.release_id


def _forward(was: Release, now: Release) -> None:
    assert now.sequence >= was.sequence, "the sequence fell"
    assert now.attempt >= was.attempt, "the attempt fell"
    assert now.fence >= was.fence, "the fence fell"
    if was.is_closed and now.attempt == was.attempt:
        assert now.state is was.state, f"{was.release_id} closed twice: {was.state}, then {now.state}"
    sequences = [step.sequence for step in now.history]
    assert sequences == sorted(set(sequences)), "the history does not rise"


def check(world: "World") -> None:
    """Judge the world as it stands."""
    _lanes(world)
    _scripts(world)
    _announcements(world)


def _lanes(world: "World") -> None:
    releases, lanes = world.ledger.releases, world.ledger.lanes
    for lane in lanes.values():
        _lane(lane, releases)
    for release in releases.values():
        if release.plan and not release.is_closed:
            lane = lanes[release.plan.lane]
            is_holder = release.release_id in lane.holders
            assert is_holder == (release.state in HOLDING), f"{release.release_id}: {release.state}, holder {is_holder}"
            waits = release.release_id in {entry.release_id for entry in lane.queue}
            assert waits == (release.state is State.QUEUED), f"{release.release_id}: {release.state}, waits {waits}"


def _lane(lane: Lane, releases: Mapping[str, Release]) -> None:
    for holder in lane.holders:
        release = releases[holder]
        assert not release.is_closed, f"{lane.key} is held by {holder}, which is {release.state}"
        assert release.plan
        assert len(lane.holders) <= release.plan.capacity, f"{lane.key} has too many holders"
    assert list(lane.queue) == sorted(lane.queue), f"{lane.key} is out of order"
    for entry in lane.queue:
        assert releases[entry.release_id].state is State.QUEUED, f"{entry.release_id} waits, yet is not queued"


def _scripts(world: "World") -> None:
    running: dict[str, list[str]] = {}
    for execution in world.cloud_run.executions.values():
        if execution.is_running_script:
            release = world.ledger.releases[execution.release_id]
            is_open = release.attempt == execution.attempt and release.state in HOLDING
            assert is_open, f"{release.release_id} is {release.state} while its script runs"
            assert release.plan
            running.setdefault(release.plan.lane, []).append(release.release_id)
            assert len(running[release.plan.lane]) <= release.plan.capacity, f"overlap: {running}"


def _announcements(world: "World") -> None:
    told: dict[str, bytes] = {}
    closing: dict[tuple[str, str], set[str]] = {}
    for one in world.pubsub.told:
        event_id = one.attributes["ce-id"]
        assert told.setdefault(event_id, one.data) == one.data, f"{event_id} told two things"
        if "outcome" in one.attributes:
            release_id, attempt, _ = event_id.rsplit("/", 2)
            closing.setdefault((release_id, attempt), set()).add(event_id)
    for (release_id, attempt), ids in closing.items():
        assert len(ids) == 1, f"{release_id}, attempt {attempt} was closed under {sorted(ids)}"


def check_quiet(world: "World") -> None:
    """Judge the world once nothing is left to happen."""
    check(world)
    told = {one.attributes["ce-id"] for one in world.pubsub.told}
    for release in world.ledger.releases.values():
        name = f"{release.release_id}, attempt {release.attempt}"
        assert release.is_closed, f"{name} never closed: {release.state}"
        assert release.outbox.is_empty, f"{name} has unsent news: {release.outbox}"
        assert f"{release.release_id}/{release.attempt}/{release.sequence}" in told, f"{name} went silent"
        _as_it_was(world, release)
    for message in world.requests:
        if message.message_id not in world.pubsub.forwarded:
            assert _is_answered(world, message.message_id), f"message {message.message_id} is lost"
    assert not any(lane.holders or lane.queue for lane in world.ledger.lanes.values()), "a lane is not empty"


def _as_it_was(world: "World", release: Release) -> None:
    truth = world.truth.get((release.release_id, release.attempt))
    if release.state is State.SUCCEEDED or (truth and release.result.reason != "execution_lost"):
        assert release.state.value == truth, f"{release.release_id} {truth}, told as {release.state}"


def _is_answered(world: "World", message_id: str) -> bool:
    return any(message_id in release.message_ids for release in world.ledger.releases.values())
