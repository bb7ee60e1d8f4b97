"""A digest of all in a request that changes its outcome: two under one id with one digest are the same request."""

import hashlib
import json

from interlock.domain.requests.request import DEFAULT_DEPLOYMENT_TYPE, DEFAULT_SERVICE, ReleaseRequest

COMMENTARY = frozenset({"release_id", "requested_by", "reason", "source_commit", "not_after"})
"""What names or explains a request. `not_after` is among it: it decides whether a release may still start,
never what it does, and a pipeline that repeats a message computes it anew each time; a repeat must count as
a duplicate then, not as a conflict."""

_DEFAULTS: dict[str, object] = {"service": DEFAULT_SERVICE, "script_args": [], "params": {}, "rollback": False}


def payload_hash(request: ReleaseRequest) -> str:
    """Return the hex SHA-256 of the canonical JSON; a default written out hashes like one left out.

    Whole numbers are integers in a request's document already, so 1 and 1.0 hash alike.
    """
    outcome = {key: value for key, value in request.document.items() if key not in COMMENTARY}
    defaults = _DEFAULTS if request.kind == "maintenance" else {**_DEFAULTS, "deployment_type": DEFAULT_DEPLOYMENT_TYPE}
    canonical = json.dumps({**defaults, **outcome}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
