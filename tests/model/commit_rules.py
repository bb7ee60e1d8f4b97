"""What must hold of every commit, judged by the records before it and after it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from interlock.domain.releases.context import StartLimits
from interlock.domain.releases.lane import Lane
from interlock.domain.releases.model import OUTCOMES, Release, State
from interlock.domain.requests.routes import LaneMode, Rerun
from interlock.ledger.records import Key, Record
from tests.fakes import Clock

NEVER_RAN = {State.REJECTED, State.DEAD_LETTERED}
Records = Mapping[Key, Record]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One release before a commit and after it, with all records before it and all that are written."""

    records: Records
    writes: Records
    was: Release | None
    now: Release
    at: datetime

    @property
    def is_attempt_new(self) -> bool:
        return self.was is None or self.was.attempt < self.now.attempt

    @property
    def is_claim(self) -> bool:
        """Whether somebody has just been given the release to start it, or to look for its start."""
        if self.now.state is not State.STARTING:
            return False
        was = self.was
        if was is None or self.is_attempt_new or was.state is not State.STARTING:
            return True
        is_same = (was.fencing_token, was.lease_until) == (self.now.fencing_token, self.now.lease_until)
        return not is_same and was.overloads == self.now.overloads


@dataclass
class CommitRules:
    """Judges each commit; `claims` are the instants of all claims, by release, attempt and fence."""

    clock: Clock
    limits: StartLimits
    claims: dict[tuple[str, int, int], datetime] = field(default_factory=dict)

    def watch(self, before: Records, writes: Records) -> None:
        for key, now in writes.items():
            was = before.get(key)
            if isinstance(now, Release):
                known = was if isinstance(was, Release) else None
                self._judge(Change(records=before, writes=writes, was=known, now=now, at=self.clock()))
        _wakes_the_next(before, writes)

    def _judge(self, change: Change) -> None:
        if change.was is not None:
            _goes_forward(change.was, change.now)
            _puts_back(change.was, change.now)
        if change.is_claim:
            self._claim(change)
        if change.is_attempt_new:
            _queues(change)
            _runs_again(change)
        _gives_way(change)

    def _claim(self, change: Change) -> None:
        now, was = change.now, change.was
        assert was is None or now.fencing_token > was.fencing_token, (
            f"{now.release_id} was claimed twice under one fence"
        )
        assert now.starts <= self.limits.max_starts, f"{now.release_id} is started again and again"
        self.claims[now.release_id, now.attempt, now.fencing_token] = change.at
        if change.is_attempt_new or was is None or was.state is State.QUEUED:
            _starts_in_order(change)
        elif now.starts > was.starts:
            assert was.cancellation is None, f"{now.release_id} is started again although it was cancelled"
            assert was.refusal is None, f"{now.release_id} is started again although it was refused"


def _goes_forward(was: Release, now: Release) -> None:
    assert now.sequence >= was.sequence, "the sequence fell"
    assert now.attempt >= was.attempt, "the attempt fell"
    assert now.fencing_token >= was.fencing_token, "the fence fell"
    if was.is_closed and now.attempt == was.attempt:
        assert now.state is was.state, f"{was.release_id} closed twice: {was.state}, then {now.state}"
    sequences = [step.sequence for step in now.history]
    assert sequences == sorted(set(sequences)), "the history does not rise"


def _starts_in_order(change: Change) -> None:
    now, was = change.now, change.was
    assert now.plan is not None
    earlier = [one.release_id for one in _queued(change.records, now.plan.lane) if _place(one) < _place(now)]
    assert not earlier, f"{now.release_id} overtook {earlier}"
    assert now.not_after is None or now.not_after > change.at, "started after its not_after"
    waits_until = was.not_before if was is not None and not change.is_attempt_new else None
    assert waits_until is None or waits_until <= change.at, "started before its not_before"
    assert not now.cancellation, f"{now.release_id} is started although it was cancelled"


def _puts_back(was: Release, now: Release) -> None:
    if now.attempt == was.attempt and now.overloads > was.overloads:
        assert now.starts == was.starts - 1, f"{now.release_id}: an overload counts as a start"


def _queues(change: Change) -> None:
    plan = change.now.plan
    if change.now.state is State.QUEUED and plan:
        assert plan.lane_mode is not LaneMode.REJECT, "queued in a lane that keeps no queue"
        if plan.lane_mode is not LaneMode.NEWEST:
            assert len(list(_queued(change.records, plan.lane))) < plan.max_queue, "queued beyond max_queue"


def _runs_again(change: Change) -> None:
    was, now = change.was, change.now
    if was is None:
        return
    asked = now.source
    assert was.is_closed, f"{now.release_id} runs again before it is over"
    assert asked.message_id not in was.message_ids, f"{now.release_id} runs again for a message already answered"
    assert was.outbox.dead_letter is None, f"{now.release_id} runs again before its dead letter was sent"
    if was.state not in NEVER_RAN:
        assert _may_run_again(was), f"{now.release_id} runs again after {was.state}"
        assert asked.publish_time >= _closed_at(was), f"{now.release_id} runs again for an old request"


def _may_run_again(was: Release) -> bool:
    rerun = was.plan.rerun if was.plan else Rerun.FAILED_ONLY
    is_failed = OUTCOMES[was.state] in ("failure", "error")
    return rerun is Rerun.ALWAYS or (rerun is Rerun.FAILED_ONLY and is_failed)


def _closed_at(was: Release) -> datetime:
    return was.history[-1].at


def _gives_way(change: Change) -> None:
    """A release is superseded while it waits, by a newer one, and never a task."""
    was, now = change.was, change.now
    if now.state is not State.SUPERSEDED or (was is not None and was.state is State.SUPERSEDED):
        return
    assert change.is_attempt_new or was is None or was.state is State.QUEUED, f"{now.release_id} did not wait"
    assert now.plan is None or now.plan.replaceable, f"{now.release_id} must not be superseded"
    successor = {**change.records, **change.writes}.get(Key("releases", now.result.superseded_by or ""))
    if isinstance(successor, Release) and not successor.is_closed:
        assert _place(successor) > _place(now), f"{now.release_id} gave way to an older one"


def _wakes_the_next(before: Records, writes: Records) -> None:
    after = {**before, **writes}
    told = {one for record in after.values() if isinstance(record, Release) for one in record.outbox.resumes}
    for key, lane in writes.items():
        if isinstance(lane, Lane) and (following := _startable(after, lane)):
            was = before.get(key)
            is_news = not isinstance(was, Lane) or _startable(before, was) != following
            assert not is_news or following.release_id in told, f"nobody wakes {following.release_id}"


def _startable(records: Records, lane: Lane) -> Release | None:
    """Return the release that may start now, unless its own time has yet to come."""
    first = records.get(Key("releases", lane.queue[0].release_id)) if lane.queue else None
    if not isinstance(first, Release) or first.not_before or not first.plan:
        return None
    return first if len(lane.holders) < first.plan.capacity else None


def _queued(records: Records, lane: str) -> Iterator[Release]:
    releases = (one for one in records.values() if isinstance(one, Release))
    return (one for one in releases if one.state is State.QUEUED and one.plan and one.plan.lane == lane)


def _place(release: Release) -> tuple[datetime, str]:
    return release.source.publish_time, release.release_id
