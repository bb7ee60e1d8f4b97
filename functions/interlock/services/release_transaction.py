"""One event applied to one release, as a pure decision over records: which it needs, and what it writes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from interlock.domain.releases.context import Context
from interlock.domain.releases.effects import Effect, SupersedeQueued, Transition
from interlock.domain.releases.events import DeadLettered, Event, RequestReceived, Resume, StartConfirmed, Superseded
from interlock.domain.releases.lane import Lane
from interlock.domain.releases.lane_consistency import blockers, without_stale_entries
from interlock.domain.releases.model import Outbox, Release, State
from interlock.domain.releases.state_machine import decide
from interlock.ledger.interface import Commit, Decision, Load, Snapshot
from interlock.ledger.records import Key, Record, lane_key, release_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What an event did: the release after it, what to do about it, and every release with something unpublished.

    `is_announced` says whether the event moved the release on, so that it has a new status event.
    """

    release: Release | None
    effects: tuple[Effect, ...] = ()
    unpublished: tuple[Release, ...] = ()
    is_announced: bool = False


def first_keys(release_id: str, event: Event) -> tuple[Key, ...]:
    """Return the records that the event is known to need before anything is read."""
    lane = lane_key(event.candidate) if isinstance(event, RequestReceived) else None
    return (release_key(release_id), lane) if lane else (release_key(release_id),)


def apply_event(release_id: str, event: Event, context: Context) -> Decision[Applied]:
    """Return the decision that applies the event to the release, its lane and whomever it replaces."""

    def decision(snapshot: Snapshot) -> Load | Commit[Applied]:
        release = _release(snapshot, release_key(release_id))
        key = _lane_to_read(release, event)
        if key is not None and key not in snapshot:
            return Load((key,))
        stored = _lane(snapshot, key) if key else None
        lane = _confirmed_lane(release, stored, event, snapshot)
        if isinstance(lane, Load):
            return lane
        after = decide(release, lane, event, context)
        if unread := _unread_replaced(after, snapshot):
            return Load(unread)
        return _commit(snapshot, Transition(release, stored), after, context)

    return decision


def _lane_to_read(release: Release | None, event: Event) -> Key | None:
    """Return the lane that the event is about; a confirmed start keeps the lane it holds, so that needs no look."""
    if isinstance(event, RequestReceived) and (release is None or release.is_closed) and event.candidate.plan:
        return lane_key(event.candidate)
    if release is None or isinstance(event, DeadLettered | StartConfirmed):
        return None
    return lane_key(release)


def _release(snapshot: Snapshot, key: Key) -> Release | None:
    record = snapshot.get(key)
    return record if isinstance(record, Release) else None


def _lane(snapshot: Snapshot, key: Key) -> Lane:
    """Return the lane that was read; one that has no record yet is empty."""
    record = snapshot[key]
    return record if isinstance(record, Lane) else Lane(key=key.id)


def _confirmed_lane(release: Release | None, lane: Lane | None, event: Event, snapshot: Snapshot) -> Lane | Load | None:
    """Return the lane as its releases' own records bear it out; only who is asked to start need know so well."""
    if not isinstance(event, Resume) or release is None or release.plan is None or lane is None:
        return lane
    if release.state is not State.QUEUED:
        return lane
    known = {key.id: _release(snapshot, key) for key in snapshot if key.kind == "releases"}
    consistent = without_stale_entries(lane, known)
    unread = [release_key(one) for one in blockers(release, consistent, release.plan) if one not in known]
    return Load(tuple(unread)) if unread else consistent


def _replaced_ids(transition: Transition) -> tuple[str, ...]:
    return tuple(
        one for effect in transition.effects if isinstance(effect, SupersedeQueued) for one in effect.release_ids
    )


def _unread_replaced(transition: Transition, snapshot: Snapshot) -> tuple[Key, ...]:
    keys = {release_key(one) for one in _replaced_ids(transition)}
    return tuple(sorted(keys - snapshot.keys()))


def _commit(snapshot: Snapshot, before: Transition, after: Transition, context: Context) -> Commit[Applied]:
    changed = {**_changed(before.release, after.release), **_superseded(snapshot, after, context)}
    writes: dict[Key, Record] = dict(changed)
    if after.lane is not None and after.lane != before.lane:
        writes = {**_read_set(snapshot), **writes, Key("lanes", after.lane.key): after.lane}
    result = Applied(
        release=after.release,
        effects=after.effects,
        unpublished=tuple(one for one in _after(after.release, changed) if not one.outbox.is_empty),
        is_announced=_sequence(after.release) > _sequence(before.release),
    )
    return Commit(writes, result)


def _sequence(release: Release | None) -> int:
    return release.sequence if release else 0


def _changed(before: Release | None, after: Release | None) -> dict[Key, Release]:
    return {} if after is None or after == before else {release_key(after.release_id): after}


def _after(release: Release | None, changed: Mapping[Key, Release]) -> tuple[Release, ...]:
    """Return the release, changed or not, and all others that changed."""
    others = tuple(one for one in changed.values() if release is None or one.release_id != release.release_id)
    return (release, *others) if release else others


def _read_set(snapshot: Snapshot) -> Mapping[Key, Record]:
    """Return the releases that were looked at, to be written as they are.

    A lane may change only while they do not: a ledger holds a commit to the records that it writes, and one that was
    read before the lane may have moved since.
    """
    return {key: record for key, record in snapshot.items() if isinstance(record, Release)}


def _superseded(snapshot: Snapshot, after: Transition, context: Context) -> dict[Key, Release]:
    moved: dict[Key, Release] = {}
    for effect in after.effects:
        if isinstance(effect, SupersedeQueued):
            for release_id in effect.release_ids:
                other = _release(snapshot, release_key(release_id))
                moved |= _changed(other, decide(other, after.lane, Superseded(effect.by), context).release)
    return moved


def take_out(release_id: str, sent: Outbox) -> Decision[None]:
    """Return the decision that takes what was sent out of the release's outbox."""
    key = release_key(release_id)

    def decision(snapshot: Snapshot) -> Load | Commit[None]:
        release = _release(snapshot, key)
        left = _without(release.outbox, sent) if release else None
        if release is None or left is None or left == release.outbox:
            return Commit({}, None)
        return Commit({key: replace(release, outbox=left)}, None)

    return decision


def _without(outbox: Outbox, sent: Outbox) -> Outbox:
    last = max((event.sequence for event in sent.events), default=-1)
    return Outbox(
        events=tuple(event for event in outbox.events if event.sequence > last),
        resumes=tuple(one for one in outbox.resumes if one not in sent.resumes),
        dead_letter=None if sent.dead_letter else outbox.dead_letter,
    )
