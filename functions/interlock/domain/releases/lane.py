"""A lane: which releases hold a target and which wait for it, in order."""

from bisect import insort
from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True, order=True)
class Waiting:
    """A queued release; the order of its fields is the lane's order: publish time, then release id."""

    publish_time: datetime
    release_id: str
    replaceable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """The holders and the queue of one target."""

    key: str
    holders: tuple[str, ...] = ()
    queue: tuple[Waiting, ...] = ()


def has_room(lane: Lane, capacity: int) -> bool:
    """Whether one more release may run on the target."""
    return len(lane.holders) < capacity


def next_up(lane: Lane, capacity: int) -> str | None:
    """Return the release that may start now, or None."""
    return lane.queue[0].release_id if lane.queue and has_room(lane, capacity) else None


def hold(lane: Lane, release_id: str) -> Lane:
    """Return the lane with the release as a holder and no longer in the queue."""
    holders = lane.holders if release_id in lane.holders else (*lane.holders, release_id)
    return replace(leave_queue(lane, release_id), holders=holders)


def wait(lane: Lane, entry: Waiting) -> Lane:
    """Return the lane with the release in its right place in the queue and not a holder."""
    queue = list(leave_queue(lane, entry.release_id).queue)
    insort(queue, entry)
    return replace(leave(lane, entry.release_id), queue=tuple(queue))


def leave_queue(lane: Lane, release_id: str) -> Lane:
    """Return the lane without the release in its queue; the same lane where it did not wait."""
    queue = tuple(entry for entry in lane.queue if entry.release_id != release_id)
    return lane if queue == lane.queue else replace(lane, queue=queue)


def leave(lane: Lane, release_id: str) -> Lane:
    """Return the lane without the release, neither holding nor waiting; the same lane where it was not there."""
    holders = tuple(holder for holder in lane.holders if holder != release_id)
    rest = leave_queue(lane, release_id)
    return rest if holders == rest.holders else replace(rest, holders=holders)


def position(lane: Lane, release_id: str) -> int | None:
    """Return the release's place in the queue, 1 for the next, or None."""
    ids = [entry.release_id for entry in lane.queue]
    return ids.index(release_id) + 1 if release_id in ids else None
