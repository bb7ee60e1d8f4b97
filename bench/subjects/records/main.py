"""`bare` with Interlock's records and pure decisions loaded beside it: whoever closes a release needs them."""

from typing import Any

from bench.subjects.bare.main import bare
from interlock.domain.releases import state_machine
from interlock.ledger import records as stored

LOADED = (stored, state_machine)


def records(request: Any) -> tuple[str, int]:
    """Make the calls and answer 204."""
    return bare(request)
