"""One step of a release as a ledger transaction: which records it touches, and what it writes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from interlock.domain.releases.effects import Effect, SupersedeQueued, Transition
from interlock.domain.releases.events import DeadLettered, Event, RequestReceived, Resume, StartConfirmed, Superseded
from interlock.domain.releases.lane import Lane
from interlock.domain.releases.lane_consistency import blockers, without_stale_entries
from interlock.domain.releases.limits import StartLimits
from interlock.domain.releases.model import Outbox, Release, State
from interlock.domain.releases.state_machine import decide
from interlock.ledger.interface import Commit, Decision, Key, Load, Record, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What a step did: the release after it, the effects to carry out, and every release with news to send."""

    release: Release | None
    effects: tuple[Effect, ...]
    outgoing: tuple[Release, ...]


def release_key(release_id: str) -> Key:
    """Return the key of a release's record."""
    return Key("releases", release_id)


def lane_key_of(release: Release) -> Key | None:
    """Return the key of the lane that the release's plan names."""
    return Key("lanes", release.plan.lane) if release.plan else None


def first_keys(release_id: str, event: Event) -> tuple[Key, ...]:
    """Return the records that the step is known to need before anything is read."""
    lane = lane_key_of(event.candidate) if isinstance(event, RequestReceived) else None
    return (release_key(release_id), lane) if lane else (release_key(release_id),)


def step(release_id: str, event: Event, *, now: datetime, limits: StartLimits) -> Decision[Applied]:
    """Return the decision that applies the event to the release, its lane and whomever it replaces."""

    def decision(snapshot: Snapshot) -> Load | Commit[Applied]:
        release = _release(snapshot, release_key(release_id))
        key = _lane_in_question(release, event)
        if key is not None and key not in snapshot and not isinstance(event, StartConfirmed):
            return Load((key,))  # a confirmed start keeps the lane it holds, so that needs no look
        lane = _lane(snapshot, key)
        repaired = _repaired(release, lane, event, snapshot)
        if isinstance(repaired, Load):
            return repaired
        after = decide(release, repaired, event, now=now, limits=limits)
        replaced = {
            release_key(one)
            for effect in after.effects
            if isinstance(effect, SupersedeQueued)
            for one in effect.release_ids
        }
        if missing := tuple(sorted(replaced - snapshot.keys())):
            return Load(missing)
        return _commit(snapshot, Transition(release, lane, ()), after, now=now, limits=limits)

    return decision


def _lane_in_question(release: Release | None, event: Event) -> Key | None:
    if isinstance(event, RequestReceived) and (release is None or release.is_closed) and event.candidate.plan:
        return lane_key_of(event.candidate)
    return lane_key_of(release) if release and not isinstance(event, DeadLettered) else None


def _release(snapshot: Snapshot, key: Key) -> Release | None:
    record = snapshot.get(key)
    return record if isinstance(record, Release) else None


def _lane(snapshot: Snapshot, key: Key | None) -> Lane | None:
    if key is None:
        return None
    record = snapshot.get(key)
    return record if isinstance(record, Lane) else Lane(key=key.id)


def _repaired(release: Release | None, lane: Lane | None, event: Event, snapshot: Snapshot) -> Lane | Load | None:
    """Return the lane as its releases' own records bear it out; only who is asked to start need know so well."""
    if not isinstance(event, Resume) or release is None or release.plan is None or lane is None:
        return lane
    if release.state is not State.QUEUED:
        return lane
    known = {key.id: _release(snapshot, key) for key in snapshot if key.kind == "releases"}
    sound = without_stale_entries(lane, known)
    unknown = [release_key(one) for one in blockers(release, sound, release.plan) if one not in known]
    return Load(tuple(unknown)) if unknown else sound


def _commit(
    snapshot: Snapshot, before: Transition, after: Transition, *, now: datetime, limits: StartLimits
) -> Commit[Applied]:
    writes: dict[Key, Record] = {}
    if after.release is not None and after.release is not before.release:
        writes[release_key(after.release.release_id)] = after.release
    if after.lane is not None and after.lane is not before.lane:
        writes[Key("lanes", after.lane.key)] = after.lane
    writes |= _replaced(snapshot, after, now=now, limits=limits)
    changed = tuple(record for record in writes.values() if isinstance(record, Release))
    if after.lane is not before.lane:
        writes = {**_read_set(snapshot), **writes}
    untouched = (after.release,) if after.release and after.release not in changed else ()
    outgoing = tuple(one for one in (*changed, *untouched) if not one.outbox.is_empty)
    return Commit(writes, Applied(release=after.release, effects=after.effects, outgoing=outgoing))


def _read_set(snapshot: Snapshot) -> Mapping[Key, Record]:
    """Return the releases that were looked at, to be written as they are.

    A lane may change only while they do not: a ledger holds a commit to the records that it writes, and one that was
    read before the lane may have moved since.
    """
    return {key: record for key, record in snapshot.items() if isinstance(record, Release)}


def _replaced(snapshot: Snapshot, after: Transition, *, now: datetime, limits: StartLimits) -> Mapping[Key, Release]:
    replaced: dict[Key, Release] = {}
    for effect in after.effects:
        if isinstance(effect, SupersedeQueued):
            for release_id in effect.release_ids:
                other = _release(snapshot, release_key(release_id))
                moved = decide(other, after.lane, Superseded(effect.by), now=now, limits=limits).release
                if moved is not None and moved is not other:
                    replaced[release_key(release_id)] = moved
    return replaced


def sent(release_id: str, delivered: Outbox) -> Decision[None]:
    """Return the decision that takes what was delivered out of the release's outbox."""
    key = release_key(release_id)

    def decision(snapshot: Snapshot) -> Load | Commit[None]:
        release = _release(snapshot, key)
        if release is None:
            return Commit({}, None)
        left = _without(release.outbox, delivered)
        return Commit({key: replace(release, outbox=left)} if left != release.outbox else {}, None)

    return decision


def _without(outbox: Outbox, delivered: Outbox) -> Outbox:
    last = max((event.sequence for event in delivered.events), default=-1)
    return Outbox(
        events=tuple(event for event in outbox.events if event.sequence > last),
        resumes=tuple(one for one in outbox.resumes if one not in delivered.resumes),
        dead_letter=None if delivered.dead_letter else outbox.dead_letter,
    )
