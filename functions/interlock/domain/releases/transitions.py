"""The moves a release can make in its lane; each returns the release and lane after it."""

from dataclasses import replace
from datetime import datetime

from interlock.domain.releases.lane import Lane, Waiting, hold, leave, next_up, position, wait
from interlock.domain.releases.model import DeadLetterNotice, HistoryEntry, Release, ReleasePlan, Result, State
from interlock.domain.releases.status_event import status_event

HISTORY_KEPT = 60
MESSAGE_IDS_KEPT = 40

Moved = tuple[Release, Lane | None]


def announce(release: Release, now: datetime, *, place: int | None = None) -> Release:
    """Return the release with its state told: one sequence further, in the history and in the outbox."""
    event = status_event(release, sequence=release.sequence + 1, at=now, position=place)
    step = HistoryEntry(
        state=event.state,
        at=now,
        attempt=event.attempt,
        sequence=event.sequence,
        note=release.result.reason if release.is_closed else None,
    )
    return replace(
        release,
        sequence=event.sequence,
        updated_at=now,
        told=event,
        history=(*release.history, step)[-HISTORY_KEPT:],
        outbox=replace(release.outbox, events=(*release.outbox.events, event)),
    )


def wake_next(release: Release, lane: Lane, plan: ReleasePlan) -> Release:
    """Return the release with a resume for the next in its lane, where there is one and room for it."""
    following = next_up(lane, plan.capacity)
    if following is None or following in release.outbox.resumes:
        return release
    return replace(release, outbox=replace(release.outbox, resumes=(*release.outbox.resumes, following)))


def claim(release: Release, lane: Lane, plan: ReleasePlan, *, until: datetime, now: datetime) -> tuple[Release, Lane]:
    """Return the release as starting under the next fence, holding its lane until the lease ends."""
    held = hold(lane, release.release_id)
    claimed = replace(
        release,
        state=State.STARTING,
        fence=release.fence + 1,
        starts=release.starts + 1,
        lease_until=until,
        not_before=None,
        updated_at=now,
    )
    return wake_next(claimed, held, plan), held


def enqueue(
    release: Release, lane: Lane, plan: ReleasePlan, *, now: datetime, not_before: datetime | None = None
) -> tuple[Release, Lane]:
    """Return the release as queued in its right place, and the lane without it as a holder."""
    entry = Waiting(release.source.publish_time, release.release_id, plan.replaceable)
    waiting = wait(lane, entry)
    queued = replace(release, state=State.QUEUED, lease_until=None, not_before=not_before)
    return announce(queued, now, place=position(waiting, release.release_id)), waiting


def confirm(release: Release, execution: str, log_uri: str | None, *, now: datetime) -> Release:
    """Return the release as started by the execution."""
    started = replace(release, state=State.STARTED, execution=execution, log_uri=log_uri, lease_until=None, overloads=0)
    return announce(started, now)


def close(release: Release, lane: Lane | None, state: State, result: Result, *, now: datetime) -> Moved:
    """Return the release in its closing state, out of its lane, with a resume for whoever is next."""
    closed = announce(replace(release, state=state, result=result, lease_until=None, not_before=None), now)
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
        fence=release.fence,
        history=release.history,
        outbox=release.outbox,
        message_ids=(*release.message_ids, *candidate.message_ids)[-MESSAGE_IDS_KEPT:],
    )


def with_message_id(release: Release, message_id: str) -> Release:
    """Return the release with the message among those it has answered."""
    return replace(release, message_ids=(*release.message_ids, message_id)[-MESSAGE_IDS_KEPT:])
