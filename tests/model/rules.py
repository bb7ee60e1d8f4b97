"""What must hold of the world after every step, and once it is quiet."""

from collections.abc import Mapping
from typing import Protocol

from interlock.domain.releases.lane import Lane
from interlock.domain.releases.model import HistoryEntry, Release, State
from interlock.domain.requests.message import Message
from tests.model.cloud_run import Execution, ModelCloudRun
from tests.model.commit_rules import NEVER_RAN, CommitRules
from tests.model.pubsub import ModelPubSub

HOLDING = {State.STARTING, State.STARTED}


class Records(Protocol):
    """What the ledger holds."""

    @property
    def releases(self) -> Mapping[str, Release]: ...
    @property
    def lanes(self) -> Mapping[str, Lane]: ...


class Seen(Protocol):
    """A world as its judges see it; `truth` is how executions that ran their script ended, by release and attempt."""

    rules: CommitRules
    cloud_run: ModelCloudRun
    pubsub: ModelPubSub
    requests: dict[str, Message]
    truth: dict[tuple[str, int], str]

    @property
    def ledger(self) -> Records: ...


def check(world: Seen) -> None:
    """Judge the world as it stands."""
    _lanes(world)
    _scripts(world)
    _starts(world)
    _requests(world)
    _announcements(world)


def _lanes(world: Seen) -> None:
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


def _scripts(world: Seen) -> None:
    running: dict[str, list[str]] = {}
    for execution in world.cloud_run.executions.values():
        if execution.is_running_script:
            release = world.ledger.releases[execution.release_id]
            is_open = release.attempt == execution.attempt and release.state in HOLDING
            assert is_open, f"{release.release_id} is {release.state} while its script runs"
            assert release.plan
            running.setdefault(release.plan.lane, []).append(release.release_id)
            assert len(running[release.plan.lane]) <= release.plan.capacity, f"overlap: {running}"


def _starts(world: Seen) -> None:
    """Each start has a fence of its own, and none was made beside an execution that could be seen."""
    earlier: dict[tuple[str, int], list[Execution]] = {}
    for one in world.cloud_run.executions.values():
        siblings = earlier.setdefault((one.release_id, one.attempt), [])
        assert one.fencing_token not in {other.fencing_token for other in siblings}, (
            f"{one.release_id}: two starts under one fence"
        )
        claimed_at = world.rules.claims[one.release_id, one.attempt, one.fencing_token]
        seen = [other.short_name for other in siblings if other.listed_at < claimed_at]
        assert not seen, f"{one.release_id} was started beside {seen}"
        siblings.append(one)


def _requests(world: Seen) -> None:
    """A release answers messages of one request only; after one that could not run, another may take its id."""
    for release in world.ledger.releases.values():
        if release.plan and not any(step.state in NEVER_RAN for step in release.history):
            bodies = {world.requests[one].data for one in release.message_ids if one in world.requests}
            assert len(bodies) <= 1, f"{release.release_id} answers two requests"


def _announcements(world: Seen) -> None:
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


def check_quiet(world: Seen) -> None:
    """Judge the world once nothing is left to happen."""
    check(world)
    told = {one.attributes["ce-id"] for one in world.pubsub.told}
    for release in world.ledger.releases.values():
        name = f"{release.release_id}, attempt {release.attempt}"
        assert release.is_closed, f"{name} never closed: {release.state}"
        assert release.outbox.is_empty, f"{name} has unsent news: {release.outbox}"
        unheard = {_event_id(release, step) for step in release.history} - told
        assert not unheard, f"{name} went silent about {sorted(unheard)}"
        _as_it_was(world, release)
    for message_id in world.requests.keys() - world.pubsub.forwarded:
        assert _is_answered(world, message_id), f"message {message_id} is lost"
    assert not any(lane.holders or lane.queue for lane in world.ledger.lanes.values()), "a lane is not empty"


def _event_id(release: Release, step: HistoryEntry) -> str:
    return f"{release.release_id}/{step.attempt}/{step.sequence}"


def _as_it_was(world: Seen, release: Release) -> None:
    truth = world.truth.get((release.release_id, release.attempt))
    if release.state is State.SUCCEEDED or (truth and release.result.reason != "execution_lost"):
        assert release.state.value == truth, f"{release.release_id} {truth}, told as {release.state}"


def _is_answered(world: Seen, message_id: str) -> bool:
    return any(message_id in release.message_ids for release in world.ledger.releases.values())
