"""What becomes of a request message: duplicate, conflict, rerun, or a new release in its lane (design 1.1, 3)."""

from interlock.domain.releases import transitions
from interlock.domain.releases.context import Context
from interlock.domain.releases.effects import (
    Effect,
    IdConflict,
    NoEffect,
    Redeliver,
    Republish,
    StartExecution,
    SupersedeQueued,
    Transition,
)
from interlock.domain.releases.lane import Lane, Waiting, has_room, leave_queue
from interlock.domain.releases.model import OUTCOMES, Release, ReleasePlan, Result, State
from interlock.domain.releases.starting import expire, is_claim_held, resume
from interlock.domain.requests.routes import LaneMode, Rerun

_NEVER_RAN = frozenset({State.REJECTED, State.DEAD_LETTERED})
"""Closed before anything could run: whatever comes next under the id is no conflict with it."""


def request_received(release: Release | None, lane: Lane | None, candidate: Release, context: Context) -> Transition:
    """Decide what the request does to the record that already bears its id, if any."""
    if release is None:
        return _admit(candidate, lane, context)
    if candidate.source.message_id in release.message_ids:
        return _redelivered(release, lane, context)
    if release.outbox.dead_letter is not None:
        return Transition(release, lane, (Redeliver("dead_letter_unsent"),))
    if release.state in _NEVER_RAN:
        return _admit(transitions.next_attempt(release, candidate), lane, context)
    if candidate.state is State.REJECTED or candidate.payload_hash != release.payload_hash:
        return Transition(release, lane, (IdConflict(),))
    if release.is_closed and may_rerun(release) and _is_later(candidate, release):
        return _admit(transitions.next_attempt(release, candidate), lane, context)
    return _duplicate(transitions.with_message_id(release, candidate.source.message_id), lane, context)


def may_rerun(release: Release) -> bool:
    """Whether the closed release may run again under the same id, by its route's `rerun`."""
    match release.plan.rerun if release.plan else Rerun.FAILED_ONLY:
        case Rerun.ALWAYS:
            return True
        case Rerun.NEVER:
            return False
        case Rerun.FAILED_ONLY:
            return OUTCOMES[release.state] in ("failure", "error")


def _is_later(candidate: Release, release: Release) -> bool:
    """Whether the request was published after the release had closed; an earlier one is a duplicate that came late."""
    return release.last_event is None or candidate.source.publish_time >= release.last_event.time


def _redelivered(release: Release, lane: Lane | None, context: Context) -> Transition:
    """Whoever holds the claim may have died with this very message: it must not be acknowledged yet."""
    if is_claim_held(release, context):
        return Transition(release, lane, (Redeliver("claim_held"),))
    return _again(release, lane, context)


def _again(release: Release, lane: Lane | None, context: Context) -> Transition:
    if lane is None or release.plan is None:
        return Transition(release, lane, (NoEffect("redelivered"),))
    return resume(release, lane, release.plan, context)


def _duplicate(release: Release, lane: Lane | None, context: Context) -> Transition:
    after = _again(release, lane, context)
    return Transition(after.release, after.lane, (Republish(), *after.effects))


def _admit(candidate: Release, lane: Lane | None, context: Context) -> Transition:
    if candidate.state is State.REJECTED or lane is None or candidate.plan is None:
        rejected, _ = transitions.close(candidate, None, State.REJECTED, candidate.result, context)
        return Transition(transitions.with_dead_letter(rejected, stage="validate"), lane)
    if candidate.not_after is not None and candidate.not_after <= context.now:
        return expire(candidate, lane, context)
    if not lane.queue and has_room(lane, candidate.plan.capacity):
        claimed, held = transitions.claim_to_start(candidate, lane, candidate.plan, context)
        return Transition(claimed, held, (StartExecution(),))
    return _line_up(candidate, lane, candidate.plan, context)


def _line_up(candidate: Release, lane: Lane, plan: ReleasePlan, context: Context) -> Transition:
    if plan.lane_mode is LaneMode.REJECT:
        return _turn_away(candidate, lane, "lane_busy", "another release holds the lane", context)
    if plan.lane_mode is LaneMode.NEWEST and plan.replaceable:
        return _replace_older(candidate, lane, plan, context)
    return _join_queue(candidate, lane, plan, context)


def _turn_away(candidate: Release, lane: Lane, reason: str, detail: str, context: Context) -> Transition:
    closed, _ = transitions.close(candidate, None, State.REJECTED, Result(reason=reason, detail=detail), context)
    return Transition(closed, lane)


def _join_queue(
    candidate: Release, lane: Lane, plan: ReleasePlan, context: Context, effects: tuple[Effect, ...] = ()
) -> Transition:
    if len(lane.queue) >= plan.max_queue:
        return _turn_away(candidate, lane, "queue_full", f"{len(lane.queue)} releases wait already", context)
    queued, waiting = transitions.enqueue(candidate, lane, plan, context)
    return Transition(transitions.wake_next(queued, waiting, plan), waiting, effects)


def _replace_older(candidate: Release, lane: Lane, plan: ReleasePlan, context: Context) -> Transition:
    entry = Waiting(candidate.source.publish_time, candidate.release_id, replaceable=True)
    others = [other for other in lane.queue if other.replaceable]
    if newer := [other for other in others if other > entry]:
        result = Result(reason="newer_request", superseded_by=newer[-1].release_id)
        superseded, _ = transitions.close(candidate, None, State.SUPERSEDED, result, context)
        return Transition(superseded, lane)
    replaced = tuple(other.release_id for other in others)
    shorter = lane
    for release_id in replaced:
        shorter = leave_queue(shorter, release_id)
    effects = (SupersedeQueued(replaced, by=candidate.release_id),) if replaced else ()
    after = _join_queue(candidate, shorter, plan, context, effects)
    return after if after.lane is not shorter else Transition(after.release, lane)
