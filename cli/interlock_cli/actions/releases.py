"""Reads a release's record from the ledger."""

from interlock.domain.releases.model import Release
from interlock.ledger.interface import LedgerReader
from interlock.services.release_transaction import release_key


def read_release(ledger: LedgerReader, release_id: str) -> Release | None:
    """Return the release's record, or None where the ledger has none."""
    record = ledger.read(release_key(release_id))
    return record if isinstance(record, Release) else None
