"""A release's status as the CloudEvent that the world reads (design 1.3)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from interlock.domain.releases.context import Context
from interlock.domain.releases.model import OUTCOMES, Release, State, StatusEvent

_FROM_REQUEST = ("target_env", "service", "release_version", "task", "requested_by", "source_commit")


def status_event(release: Release, context: Context, *, sequence: int, position: int | None = None) -> StatusEvent:
    """Return the status event of the release's present state, whole; the same record gives the same event."""
    state = release.public_state
    return StatusEvent(
        id=f"{release.release_id}/{release.attempt}/{sequence}",  # the same for every replay
        source=f"//interlock.dev/instances/{context.instance}",
        type=f"dev.interlock.release.{state}.v1",
        subject=release.release_id,
        time=context.now,
        data=_data(release, state, sequence=sequence, time=context.now, position=position),
        sequence=sequence,
        attempt=release.attempt,
        state=state,
    )


def event_data(release: Release) -> Mapping[str, Any]:
    """Return the JSON body of an event that would tell the release's present state once more."""
    state, sequence = release.public_state, release.sequence
    return _data(release, state, sequence=sequence, time=release.updated_at, position=None)


def _data(release: Release, state: State, *, sequence: int, time: datetime, position: int | None) -> Mapping[str, Any]:
    body = {
        "release_id": release.release_id,
        "attempt": release.attempt,
        "sequence": sequence,
        "state": state.value,
        "outcome": OUTCOMES.get(state),
        "time": time.isoformat(),
        "message_id": release.source.message_id,
        **{key: release.request.get(key) for key in _FROM_REQUEST},
        **_placement(release, position),
        **_ending(release),
    }
    return {key: value for key, value in body.items() if value not in (None, [], {})}


def _placement(release: Release, position: int | None) -> Mapping[str, Any]:
    plan = release.plan
    return {
        "route": plan and plan.route,
        "lane": plan and plan.lane,
        "job": plan and plan.job,
        "position": position,
        "execution": release.execution,
        "log_uri": release.log_uri,
    }


def _ending(release: Release) -> Mapping[str, Any]:
    result = release.result
    return {
        "reason": result.reason,
        "detail": result.detail,
        "exit_code": result.exit_code,
        "outputs": dict(result.outputs),
        "error_lines": list(result.error_lines),
        "items": {group: {"count": one.count, "names": list(one.names)} for group, one in result.items.items()},
        "violations": [violation.as_dict() for violation in result.violations],
        "superseded_by": result.superseded_by,
    }
