"""A lane is held only by releases that are open: whoever stands in another's way is checked against its own record.

Lane and releases change in one transaction, so this finds nothing unless a record was deleted or changed by hand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from interlock.domain.releases.lane import Lane, has_room
from interlock.domain.releases.model import Release, ReleasePlan, State

_HOLDING = frozenset({State.STARTING, State.STARTED})
_WAITING = frozenset({State.QUEUED})

Records = Mapping[str, Release | None]
"""What is known of other releases, by id; None for one that has no record."""


def blockers(release: Release, lane: Lane, plan: ReleasePlan) -> Sequence[str]:
    """Return whoever keeps the waiting release from starting: all who hold its lane, or the first who waits."""
    if not has_room(lane, plan.capacity):
        return lane.holders
    return [entry.release_id for entry in lane.queue[:1] if entry.release_id != release.release_id]


def without_stale_entries(lane: Lane, records: Records) -> Lane:
    """Return the lane without whoever is over, is in another lane, or has no record."""
    holders = tuple(one for one in lane.holders if _stands(one, lane, records, _HOLDING))
    queue = tuple(entry for entry in lane.queue if _stands(entry.release_id, lane, records, _WAITING))
    is_sound = (holders, queue) == (lane.holders, lane.queue)
    return lane if is_sound else replace(lane, holders=holders, queue=queue)


def _stands(release_id: str, lane: Lane, records: Records, states: frozenset[State]) -> bool:
    if release_id not in records:
        return True
    release = records[release_id]
    return (
        release is not None and release.state in states and release.plan is not None and release.plan.lane == lane.key
    )
