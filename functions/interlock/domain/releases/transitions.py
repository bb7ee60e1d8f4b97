"""What releases and lanes look like after each transition; the state machine decides which one is made."""

from dataclasses import replace
from datetime import datetime

from interlock.domain.releases.context import Context
from interlock.domain.releases.lane import Lane, Waiting, hold, leave, next_up, position, wait
from interlock.domain.releases.model import DeadLetterNotice, HistoryEntry, Release, ReleasePlan, Result, State
from interlock.domain.releases.status_event import status_event

HISTORY_KEPT = 60
MESSAGE_IDS_KEPT = 40

Moved = tuple[Release, Lane | None]


def announce(release: Release, context: Context, *, place: int | None = None) -> Release:
    """Return the release with a status event of its state: one sequence further, in the history and in the outbox."""
    note = release.result.reason if release.is_closed else None
    event = status_event(release, context, sequence=release.sequence + 1, position=place)
    entry = HistoryEntry(
        state=event.state,
        at=context.now,
        attempt=event.attempt,
        sequence=event.sequence,
        note=note,
    )
    return replace(
        release,
        sequence=event.sequence,
        updated_at=context.now,
        last_event=event,
        history=(*release.history, entry)[-HISTORY_KEPT:],
        outbox=replace(release.outbox, events=(*release.outbox.events, event)),
    )


def wake_next(release: Release, lane: Lane, plan: ReleasePlan) -> Release:
    """Return the release with a resume for the next in its lane, where there is one and room for it."""
    following = next_up(lane, plan.capacity)
    if following is None or following in release.outbox.resumes:
        return release
    return replace(release, outbox=replace(release.outbox, resumes=(*release.outbox.resumes, following)))


def claim_to_start(release: Release, lane: Lane, plan: ReleasePlan, context: Context) -> tuple[Release, Lane]:
    """Return the release as claimed for one more start of its job."""
    return claim_to_find(replace(release, starts=release.starts + 1), lane, plan, context)


def claim_to_find(release: Release, lane: Lane, plan: ReleasePlan, context: Context) -> tuple[Release, Lane]:
    """Return the release as starting under the next fencing token, holding its lane until the lease ends."""
    held = hold(lane, release.release_id)
    claimed = replace(
        release,
        state=State.STARTING,
        fencing_token=release.fencing_token + 1,
        lease_until=context.now + context.limits.lease,
        not_before=None,
        updated_at=context.now,
    )
    return wake_next(claimed, held, plan), held


def without_last_start(release: Release, context: Context) -> Release:
    """Return the release as if its last start had not been tried: Cloud Run had no room for it."""
    return replace(release, starts=release.starts - 1, overloads=release.overloads + 1, updated_at=context.now)


def enqueue(
    release: Release, lane: Lane, plan: ReleasePlan, context: Context, *, not_before: datetime | None = None
) -> tuple[Release, Lane]:
    """Return the release as queued in its right place, and the lane without it as a holder."""
    entry = Waiting(release.source.publish_time, release.release_id, plan.replaceable)
    waiting = wait(lane, entry)
    queued = replace(release, state=State.QUEUED, lease_until=None, not_before=not_before)
    return announce(queued, context, place=position(waiting, release.release_id)), waiting


def confirm(release: Release, execution: str, log_uri: str | None, context: Context) -> Release:
    """Return the release as started by the execution."""
    started = replace(release, state=State.STARTED, execution=execution, log_uri=log_uri, lease_until=None, overloads=0)
    return announce(started, context)


def close(release: Release, lane: Lane | None, state: State, result: Result, context: Context) -> Moved:
    """Return the release in its closing state, out of its lane, with a resume for whoever is next."""
    closed = announce(replace(release, state=state, result=result, lease_until=None, not_before=None), context)
    if lane is None or release.plan is None:
        return closed, lane
    freed = leave(lane, release.release_id)
    return wake_next(closed, freed, release.plan), freed


def with_dead_letter(release: Release, *, stage: str) -> Release:
    """Return the closed release with its message due on the dead-letter topic: no retry can mend it."""
    notice = DeadLetterNotice(
        reason=release.result.reason or release.state.value, stage=stage, error=release.result.detail or ""
    )
    return replace(release, outbox=replace(release.outbox, dead_letter=notice))


def next_attempt(release: Release, candidate: Release) -> Release:
    """Return the candidate as the next attempt under the same id; sequence, fence and history go on."""
    return replace(
        candidate,
        attempt=release.attempt + 1,
        sequence=release.sequence,
        fencing_token=release.fencing_token,
        history=release.history,
        outbox=release.outbox,
        message_ids=(*release.message_ids, *candidate.message_ids)[-MESSAGE_IDS_KEPT:],
    )


def with_message_id(release: Release, message_id: str) -> Release:
    """Return the release with the message among those it has answered."""
    return replace(release, message_ids=(*release.message_ids, message_id)[-MESSAGE_IDS_KEPT:])
