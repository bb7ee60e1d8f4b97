"""One event applied to one release, as a pure decision over records: which it needs, and what it writes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import reduce

from interlock.domain.releases.context import Context
from interlock.domain.releases.effects import Effect, SupersedeQueued, Transition
from interlock.domain.releases.events import DeadLettered, Event, RequestReceived, Resume, StartConfirmed, Superseded
from interlock.domain.releases.lane import Lane
from interlock.domain.releases.lane_consistency import blockers, without_stale_entries
from interlock.domain.releases.model import Outbox, Release, State
from interlock.domain.releases.state_machine import decide
from interlock.ledger.interface import Commit, Decision, Load, Snapshot
from interlock.ledger.records import Key, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What an event did: the release after it, what to do about it, and every release with something unpublished.

    `is_announced` says whether the event moved the release on, so that it has a new status event.
    """

    release: Release | None
    effects: tuple[Effect, ...] = ()
    unpublished: tuple[Release, ...] = ()
    is_announced: bool = False


def release_key(release_id: str) -> Key:
    """Return the key of a release's record."""
    return Key("releases", release_id)


def lane_key(release: Release) -> Key | None:
    """Return the key of the lane that the release's plan names."""
    return Key("lanes", release.plan.lane) if release.plan else None


def first_keys(release_id: str, event: Event) -> tuple[Key, ...]:
    """Return the records that the event is known to need before anything is read."""
    lane = lane_key(event.candidate) if isinstance(event, RequestReceived) else None
    key = release_key(release_id)
    return (key, lane) if lane else (key,)


def apply_event(release_id: str, event: Event, context: Context) -> Decision[Applied]:
    """Return the decision that applies the event to the release, its lane and whomever it replaces."""
    own_key = release_key(release_id)

    def decision(snapshot: Snapshot) -> Load | Commit[Applied]:
        release = _release(snapshot, own_key)
        key = _lane_to_read(release, event)
        if key is not None and key not in snapshot:
            return Load((key,))
        stored = _lane(snapshot, key) if key else None
        lane = _confirmed_lane(release, stored, event, snapshot)
        if isinstance(lane, Load):
            return lane
        after = decide(release, lane, event, context)
        superseded = _superseded_keys(after)
        if unread := tuple(one for one in superseded if one not in snapshot):
            return Load(unread)
        changed = _changed(own_key, release, after.release)
        for other in superseded:
            changed |= _superseded(other, snapshot, after, context)
        return _commit(snapshot, changed, Transition(release, stored), after)

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
    """Return the lane as its releases' own records confirm it; only a release that asks to start needs it so exact."""
    if not isinstance(event, Resume) or release is None or release.plan is None or lane is None:
        return lane
    if release.state is not State.QUEUED:
        return lane
    known = {key.id: _release(snapshot, key) for key in snapshot if key.kind == "releases"}
    consistent = without_stale_entries(lane, known)
    unread = [release_key(one) for one in blockers(release, consistent, release.plan) if one not in known]
    return Load(tuple(unread)) if unread else consistent


def _superseded_keys(transition: Transition) -> tuple[Key, ...]:
    ids = (one for effect in transition.effects if isinstance(effect, SupersedeQueued) for one in effect.release_ids)
    return tuple(release_key(one) for one in ids)


def _superseded(key: Key, snapshot: Snapshot, after: Transition, context: Context) -> dict[Key, Release]:
    """Return the queued release as superseded by the one of this transaction."""
    other, by = _release(snapshot, key), after.release
    event = Superseded(by.release_id if by else "")
    return _changed(key, other, decide(other, after.lane, event, context).release)


def _changed(key: Key, before: Release | None, after: Release | None) -> dict[Key, Release]:
    return {} if after is None or after == before else {key: after}


def _commit(
    snapshot: Snapshot, changed: Mapping[Key, Release], before: Transition, after: Transition
) -> Commit[Applied]:
    writes: dict[Key, Record] = dict(changed)
    if after.lane is not None and after.lane != before.lane:
        writes = {**_read_set(snapshot), **writes, Key("lanes", after.lane.key): after.lane}
    sequence = before.release.sequence if before.release else 0
    result = Applied(
        release=after.release,
        effects=after.effects,
        is_announced=after.release is not None and after.release.sequence > sequence,
        unpublished=_unpublished(after.release, changed),
    )
    return Commit(writes, result)


def _unpublished(release: Release | None, changed: Mapping[Key, Release]) -> tuple[Release, ...]:
    """Return whoever has something to send: the release, changed or not, and all others that changed."""
    untouched = (release,) if release is not None and release not in changed.values() else ()
    return tuple(one for one in (*changed.values(), *untouched) if not one.outbox.is_empty)


def _read_set(snapshot: Snapshot) -> Mapping[Key, Record]:
    """Return the releases that were looked at, to be written as they are.

    A lane may change only while they do not: a ledger holds a commit to the records that it writes, and one that was
    read before the lane may have moved since.
    """
    return {key: record for key, record in snapshot.items() if isinstance(record, Release)}


def take_out(release_id: str, sent: Iterable[Outbox]) -> Decision[None]:
    """Return the decision that takes what was sent out of the release's outbox."""
    key = release_key(release_id)

    def decision(snapshot: Snapshot) -> Load | Commit[None]:
        release = _release(snapshot, key)
        if release is None:
            return Commit({}, None)
        left = reduce(_without, sent, release.outbox)
        return Commit({} if left == release.outbox else {key: replace(release, outbox=left)}, None)

    return decision


def _without(outbox: Outbox, sent: Outbox) -> Outbox:
    last = max((event.sequence for event in sent.events), default=-1)
    return Outbox(
        events=tuple(event for event in outbox.events if event.sequence > last),
        resumes=tuple(one for one in outbox.resumes if one not in sent.resumes),
        dead_letter=None if sent.dead_letter else outbox.dead_letter,
    )
