"""From the claim to the execution: resume, take over, confirm, refuse, overload (design 2)."""

from dataclasses import replace
from datetime import datetime

from interlock.domain.releases import transitions
from interlock.domain.releases.effects import Effect, FindExecution, NoEffect, Start, StopExecution, Transition
from interlock.domain.releases.events import ExecutionNotFound, StartConfirmed, StartRefused, StartThrottled
from interlock.domain.releases.lane import Lane, has_room, leave, next_up
from interlock.domain.releases.limits import StartLimits
from interlock.domain.releases.model import Release, ReleasePlan, Result, State


def resume(release: Release, lane: Lane, plan: ReleasePlan, now: datetime, limits: StartLimits) -> Transition:
    """Decide whether the release may start now; asked by a freed lane, a redelivery, a duplicate or reconcile."""
    match release.state:
        case State.QUEUED:
            return _resume_queued(release, lane, plan, now, limits)
        case State.STARTING:
            return _resume_starting(release, lane, plan, now, limits)
        case State.STARTED:
            return Transition(release, lane, _stop_again(release) or (NoEffect("already_started"),))
        case _:
            freed = leave(lane, release.release_id)
            return Transition(transitions.wake_next(release, freed, plan), freed, (NoEffect("already_closed"),))


def _stop_again(release: Release) -> tuple[Effect, ...]:
    """A cancel is asked for again until the execution has ended: the first call may have been lost."""
    return (StopExecution(release.execution),) if release.cancellation and release.execution else ()


def is_claim_held(release: Release, now: datetime) -> bool:
    """Whether another worker is starting the release and its lease still stands."""
    return release.state is State.STARTING and release.lease_until is not None and release.lease_until > now


def _resume_queued(release: Release, lane: Lane, plan: ReleasePlan, now: datetime, limits: StartLimits) -> Transition:
    if release.not_after is not None and release.not_after <= now:
        return expire(release, lane, now)
    if not has_room(lane, plan.capacity):
        return Transition(release, lane, (NoEffect("lane_held"),))
    if next_up(lane, plan.capacity) != release.release_id:
        return Transition(transitions.wake_next(release, lane, plan), lane, (NoEffect("not_next"),))
    if release.not_before is not None and release.not_before > now:
        return Transition(release, lane, (NoEffect("not_yet"),))
    claimed, held = transitions.claim(release, lane, plan, until=now + limits.lease, now=now)
    return Transition(claimed, held, (Start(),))


def expire(release: Release, lane: Lane, now: datetime) -> Transition:
    """Close the release as expired: `not_after` passed before it could start."""
    closed, freed = transitions.close(release, lane, State.EXPIRED, Result(reason="not_after"), now=now)
    return Transition(closed, freed)


def _resume_starting(release: Release, lane: Lane, plan: ReleasePlan, now: datetime, limits: StartLimits) -> Transition:
    if is_claim_held(release, now):
        return Transition(release, lane, (NoEffect("claim_held"),))
    claimed, held = transitions.claim(release, lane, plan, until=now + limits.lease, now=now)
    if release.cancellation or release.refusal or release.starts >= limits.max_starts:
        return Transition(replace(claimed, starts=release.starts), held, (FindExecution(),))
    return Transition(claimed, held, (Start(take_over=True),))


def _give_up(release: Release, lane: Lane, reason: str, detail: str, now: datetime) -> Transition:
    closed, freed = transitions.close(release, lane, State.ERRORED, Result(reason=reason, detail=detail), now=now)
    return Transition(transitions.with_dead_letter(closed, stage="start"), freed)


def _stale(release: Release, fence: int) -> NoEffect | None:
    if release.state is not State.STARTING:
        return NoEffect("not_starting")
    return None if release.fence == fence else NoEffect("stale_fence")


def confirm(release: Release, lane: Lane, event: StartConfirmed, now: datetime) -> Transition:
    """Take the execution's name into the record; a claim that was taken over meanwhile is not confirmed."""
    if stale := _stale(release, event.fence):
        return Transition(release, lane, (stale,))
    started = transitions.confirm(release, event.execution, event.log_uri, now=now)
    effects: tuple[Effect, ...] = (StopExecution(event.execution),) if started.cancellation else ()
    return Transition(started, lane, effects)


def refuse(release: Release, lane: Lane, event: StartRefused, now: datetime) -> Transition:
    """Keep the refusal until it is certain that nothing runs: an answer may be wrong, and an earlier start turn up."""
    if stale := _stale(release, event.fence):
        return Transition(release, lane, (stale,))
    kept = replace(release, refusal=Result(reason=event.reason, detail=event.detail), updated_at=now)
    return Transition(kept, lane, (NoEffect("earlier_start_may_run") if release.starts > 1 else FindExecution(),))


def overload(release: Release, lane: Lane, event: StartThrottled, plan: ReleasePlan, now: datetime) -> Transition:
    """Put the release back into its place in the queue until the given time; the try does not count.

    While an earlier start may still turn up it keeps its lane, and is tried again under its claim.
    """
    if stale := _stale(release, event.fence):
        return Transition(release, lane, (stale,))
    waiting = replace(release, starts=release.starts - 1, overloads=release.overloads + 1, updated_at=now)
    if release.starts > 1:
        return Transition(replace(waiting, lease_until=event.retry_at), lane, (NoEffect("earlier_start_may_run"),))
    if release.cancellation:
        return _cancelled(release, lane, now)
    return Transition(*transitions.enqueue(waiting, lane, plan, now=now, not_before=event.retry_at))


def missing(release: Release, lane: Lane, event: ExecutionNotFound, now: datetime) -> Transition:
    """Close the release that shall not be started again and has no execution: as cancelled, refused or exhausted."""
    if stale := _stale(release, event.fence):
        return Transition(release, lane, (stale,))
    return close_unrun(release, lane, now)


def close_unrun(release: Release, lane: Lane, now: datetime) -> Transition:
    """Close the release whose script never ran and never will: as cancelled, refused or exhausted."""
    if release.cancellation:
        return _cancelled(release, lane, now)
    if release.refusal:
        return _give_up(release, lane, release.refusal.reason or "refused", release.refusal.detail or "", now)
    return _give_up(release, lane, "start_exhausted", f"none of {release.starts} starts ran the script", now)


def _cancelled(release: Release, lane: Lane, now: datetime) -> Transition:
    result = Result(reason="by_request", detail=release.cancellation.reason if release.cancellation else None)
    return Transition(*transitions.close(release, lane, State.CANCELLED, result, now=now))
