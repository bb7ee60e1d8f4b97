"""From the claim to the execution: resume, take over, confirm, refuse, overload (design 2)."""

from dataclasses import replace

from interlock.domain.releases import transitions
from interlock.domain.releases.context import Context
from interlock.domain.releases.effects import Effect, FindExecution, NoEffect, StartExecution, StopExecution, Transition
from interlock.domain.releases.events import ExecutionNotFound, StartConfirmed, StartRefused, StartThrottled
from interlock.domain.releases.lane import Lane, has_room, leave, next_up
from interlock.domain.releases.model import Release, ReleasePlan, Result, State


def resume(release: Release, lane: Lane, plan: ReleasePlan, context: Context) -> Transition:
    """Decide whether the release may start now; asked by a freed lane, a redelivery, a duplicate or reconcile."""
    match release.state:
        case State.QUEUED:
            return _resume_queued(release, lane, plan, context)
        case State.STARTING:
            return _resume_starting(release, lane, plan, context)
        case State.STARTED:
            return Transition(release, lane, _stop_again(release) or (NoEffect("already_started"),))
        case _:
            freed = leave(lane, release.release_id)
            return Transition(transitions.wake_next(release, freed, plan), freed, (NoEffect("already_closed"),))


def _stop_again(release: Release) -> tuple[Effect, ...]:
    """A cancel is asked for again until the execution has ended: the first call may have been lost."""
    return (StopExecution(release.execution),) if release.cancellation and release.execution else ()


def is_claim_held(release: Release, context: Context) -> bool:
    """Whether another worker is starting the release and its lease still stands."""
    return release.state is State.STARTING and release.lease_until is not None and release.lease_until > context.now


def _resume_queued(release: Release, lane: Lane, plan: ReleasePlan, context: Context) -> Transition:
    if release.not_after is not None and release.not_after <= context.now:
        return expire(release, lane, context)
    if not has_room(lane, plan.capacity):
        return Transition(release, lane, (NoEffect("lane_held"),))
    if next_up(lane, plan.capacity) != release.release_id:
        return Transition(transitions.wake_next(release, lane, plan), lane, (NoEffect("not_next"),))
    if release.not_before is not None and release.not_before > context.now:
        return Transition(release, lane, (NoEffect("not_yet"),))
    claimed, held = transitions.claim_to_start(release, lane, plan, context)
    return Transition(claimed, held, (StartExecution(),))


def expire(release: Release, lane: Lane, context: Context) -> Transition:
    """Close the release as expired: `not_after` passed before it could start."""
    closed, freed = transitions.close(release, lane, State.EXPIRED, Result(reason="not_after"), context)
    return Transition(closed, freed)


def _resume_starting(release: Release, lane: Lane, plan: ReleasePlan, context: Context) -> Transition:
    if is_claim_held(release, context):
        return Transition(release, lane, (NoEffect("claim_held"),))
    if release.cancellation or release.refusal or release.starts >= context.limits.max_starts:
        return Transition(*transitions.claim_to_find(release, lane, plan, context), (FindExecution(),))
    claimed, held = transitions.claim_to_start(release, lane, plan, context)
    return Transition(claimed, held, (StartExecution(take_over=True),))


def _give_up(release: Release, lane: Lane, reason: str, detail: str, context: Context) -> Transition:
    closed, freed = transitions.close(release, lane, State.ERRORED, Result(reason=reason, detail=detail), context)
    return Transition(transitions.with_dead_letter(closed, stage="start"), freed)


def _stale(release: Release, fencing_token: int) -> NoEffect | None:
    if release.state is not State.STARTING:
        return NoEffect("not_starting")
    return None if release.fencing_token == fencing_token else NoEffect("stale_fence")


def start_confirmed(release: Release, lane: Lane | None, event: StartConfirmed, context: Context) -> Transition:
    """Take the execution's name into the record; a claim that was taken over meanwhile is not confirmed."""
    if stale := _stale(release, event.fencing_token):
        return Transition(release, lane, (stale,))
    started = transitions.confirm(release, event.execution, event.log_uri, context)
    effects: tuple[Effect, ...] = (StopExecution(event.execution),) if started.cancellation else ()
    return Transition(started, lane, effects)


def start_refused(release: Release, lane: Lane, event: StartRefused, context: Context) -> Transition:
    """Keep the refusal until it is certain that nothing runs: an answer may be wrong, and an earlier start turn up."""
    if stale := _stale(release, event.fencing_token):
        return Transition(release, lane, (stale,))
    kept = replace(release, refusal=Result(reason=event.reason, detail=event.detail), updated_at=context.now)
    return Transition(kept, lane, (NoEffect("earlier_start_may_run") if release.starts > 1 else FindExecution(),))


def start_throttled(
    release: Release, lane: Lane, event: StartThrottled, plan: ReleasePlan, context: Context
) -> Transition:
    """Put the release back into its place in the queue until the given time; the try does not count.

    While an earlier start may still turn up it keeps its lane, and is tried again under its claim.
    """
    if stale := _stale(release, event.fencing_token):
        return Transition(release, lane, (stale,))
    waiting = transitions.without_last_start(release, context)
    if release.starts > 1:
        return Transition(replace(waiting, lease_until=event.retry_at), lane, (NoEffect("earlier_start_may_run"),))
    if release.cancellation:
        return _cancelled(release, lane, context)
    return Transition(*transitions.enqueue(waiting, lane, plan, context, not_before=event.retry_at))


def execution_not_found(release: Release, lane: Lane, event: ExecutionNotFound, context: Context) -> Transition:
    """Close the release that shall not be started again and has no execution: as cancelled, refused or exhausted."""
    if stale := _stale(release, event.fencing_token):
        return Transition(release, lane, (stale,))
    return close_unrun(release, lane, context)


def close_unrun(release: Release, lane: Lane, context: Context) -> Transition:
    """Close the release whose script never ran and never will: as cancelled, refused or exhausted."""
    if release.cancellation:
        return _cancelled(release, lane, context)
    if release.refusal:
        return _give_up(release, lane, release.refusal.reason or "refused", release.refusal.detail or "", context)
    return _give_up(release, lane, "start_exhausted", f"none of {release.starts} starts ran the script", context)


def _cancelled(release: Release, lane: Lane, context: Context) -> Transition:
    result = Result(reason="by_request", detail=release.cancellation.reason if release.cancellation else None)
    return Transition(*transitions.close(release, lane, State.CANCELLED, result, context))
