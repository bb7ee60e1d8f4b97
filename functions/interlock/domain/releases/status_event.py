"""A release's status as the CloudEvent that the world reads (design 1.3)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from interlock.domain.releases.model import OUTCOMES, Release, StatusEvent

_TOLD_FROM_REQUEST = ("target_env", "service", "release_version", "task", "requested_by", "source_commit")


def status_event(release: Release, *, sequence: int, at: datetime, position: int | None = None) -> StatusEvent:
    """Return the event that tells the release's present state; the same record gives the same event."""
    state = release.public_state
    body = {
        "release_id": release.release_id,
        "attempt": release.attempt,
        "sequence": sequence,
        "state": state.value,
        "outcome": OUTCOMES.get(state),
        "time": at.isoformat(),
        "message_id": release.source.message_id,
        **{key: release.request.get(key) for key in _TOLD_FROM_REQUEST},
        **_placement(release, position),
        **_ending(release),
    }
    data = {key: value for key, value in body.items() if value not in (None, [], {})}
    return StatusEvent(sequence=sequence, attempt=release.attempt, state=state, time=at, data=data)


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


def event_id(event: StatusEvent) -> str:
    """Return the CloudEvent id, the same for every replay of the event."""
    return f"{event.data['release_id']}/{event.attempt}/{event.sequence}"


def event_attributes(event: StatusEvent, *, instance: str) -> dict[str, str]:
    """Return the Pub/Sub attributes: CloudEvents binary mode, and plain ones for subscription filters."""
    filters = ("release_id", "state", "outcome", "target_env", "service")
    return {
        "content-type": "application/json",
        "ce-specversion": "1.0",
        "ce-type": f"dev.interlock.release.{event.state}.v1",
        "ce-source": f"//interlock.dev/instances/{instance}",
        "ce-subject": event.data["release_id"],
        "ce-id": event_id(event),
        "ce-time": event.time.isoformat(),
        **{key: str(event.data[key]) for key in filters if key in event.data},
    }
