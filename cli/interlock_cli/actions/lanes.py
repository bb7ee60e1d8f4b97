"""Lanes in the ledger, and the releases that hold them or wait for them."""

from collections.abc import Iterator
from typing import Any

from interlock.domain.releases.lane import Lane
from interlock.domain.releases.model import Release
from interlock.ledger.interface import LedgerReader
from interlock.services.release_transaction import release_key


def lanes(ledger: LedgerReader, *, idle: bool = False) -> list[Lane]:
    """Return the lanes that somebody holds or waits for, or all, by name."""
    found = (one for one in ledger.newest("lanes") if isinstance(one, Lane))
    return sorted((one for one in found if idle or one.holders or one.queue), key=lambda one: one.key)


def members(ledger: LedgerReader, lane: Lane) -> Iterator[tuple[str, Release | None]]:
    """Yield who is in the lane with the release's record: `holds` first, then 1, 2, 3 … in the queue's order."""
    for release_id in lane.holders:
        yield "holds", _read(ledger, release_id)
    for place, entry in enumerate(lane.queue, start=1):
        yield str(place), _read(ledger, entry.release_id)


def open_releases(ledger: LedgerReader) -> list[Release]:
    """Return every release that is not closed: each holds a lane or waits for one."""
    found = [release for lane in lanes(ledger) for _, release in members(ledger, lane)]
    return [release for release in found if release and not release.is_closed]


def as_document(lane: Lane) -> dict[str, Any]:
    """Return the lane as JSON."""
    queue = [
        {"release_id": one.release_id, "publish_time": one.publish_time.isoformat(), "replaceable": one.replaceable}
        for one in lane.queue
    ]
    return {"lane": lane.key, "holders": list(lane.holders), "queue": queue}


def _read(ledger: LedgerReader, release_id: str) -> Release | None:
    found = ledger.read(release_key(release_id))
    return found if isinstance(found, Release) else None
