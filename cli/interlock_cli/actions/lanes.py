"""Reads lanes from the ledger, and the releases that hold them or wait for them."""

from collections.abc import Iterator

from interlock.domain.releases.lane import Lane
from interlock.domain.releases.model import Release
from interlock.ledger.interface import LedgerReader
from interlock.ledger.records import Key
from interlock_cli.actions.releases import read_release


def read_lane(ledger: LedgerReader, name: str) -> Lane | None:
    """Return the lane of this name, or None where the ledger has none."""
    record = ledger.read(Key("lanes", name))
    return record if isinstance(record, Lane) else None


def read_lanes(ledger: LedgerReader, *, include_idle: bool = False) -> list[Lane]:
    """Return the lanes that a release holds or waits for, or all of them, by name."""
    lanes = (record for record in ledger.newest("lanes") if isinstance(record, Lane))
    wanted = (lane for lane in lanes if include_idle or lane.holders or lane.queue)
    return sorted(wanted, key=lambda lane: lane.key)


def releases_in_lane(ledger: LedgerReader, lane: Lane) -> Iterator[tuple[str, Release | None]]:
    """Yield each release's place in the lane and its record: `holds` first, then 1, 2, 3 … in the queue's order."""
    for release_id in lane.holders:
        yield "holds", read_release(ledger, release_id)
    for place, entry in enumerate(lane.queue, start=1):
        yield str(place), read_release(ledger, entry.release_id)


def read_open_releases(ledger: LedgerReader) -> list[Release]:
    """Return every release that is not closed: each holds a lane or waits for one."""
    found = [release for lane in read_lanes(ledger) for _, release in releases_in_lane(ledger, lane)]
    return [release for release in found if release and not release.is_closed]
