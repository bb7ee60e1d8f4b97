"""A release as text for people and as JSON for programs."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

from interlock.domain.releases.model import OUTCOMES, Cancellation, HistoryEntry, ItemGroup, Release, ReleasePlan
from interlock.domain.releases.status_event import event_data
from interlock_cli.durations import format_duration
from interlock_cli.views.reasons import closing_reason_text, runbook_url


def release_document(release: Release) -> dict[str, Any]:
    """Return the release as one JSON document: the keys of its newest status event, its request and its timeline."""
    data = release.last_event.data if release.last_event else event_data(release)
    matched = release.plan.matched if release.plan else None
    return {
        **data,
        "state": release.public_state.value,
        "outcome": OUTCOMES.get(release.public_state),
        "accepted_at": release.accepted_at.isoformat(),
        "payload_hash": release.payload_hash,
        "request": dict(release.request),
        "route_matched": None if matched is None else list(matched),
        "cancellation": _cancellation(release.cancellation),
        "runbook": runbook_url(release.result.reason) if release.result.reason else None,
        "timeline": [_timeline_entry(entry, lasted) for entry, lasted in _with_durations(release.history)],
    }


def _cancellation(cancellation: Cancellation | None) -> dict[str, Any] | None:
    if cancellation is None:
        return None
    return {"by": cancellation.requested_by, "at": cancellation.at.isoformat(), "reason": cancellation.reason}


def _timeline_entry(entry: HistoryEntry, lasted: timedelta | None) -> dict[str, Any]:
    return {
        "state": entry.state.value,
        "time": entry.at.isoformat(),
        "duration_seconds": lasted and lasted.total_seconds(),
        "attempt": entry.attempt,
        "sequence": entry.sequence,
        "note": entry.note,
    }


def release_lines(release: Release) -> Iterator[str]:
    """Yield the release as text: its state, its request, how it ended, and its timeline."""
    outcome = OUTCOMES.get(release.public_state)
    yield f"{release.release_id}  {release.public_state.value}" + (f" ({outcome})" if outcome else "")
    for label, value in (*_facts(release), *_ending(release)):
        if value is not None:
            yield f"  {label:<10} {value}"
    yield from _timeline(release)
    yield from (f"  stderr     {line}" for line in release.result.error_lines)
    yield from (f"  violation  {violation}" for violation in release.result.violations)


def _facts(release: Release) -> Iterator[tuple[str, object]]:
    plan, request = release.plan, release.request
    yield "target", "/".join(filter(None, (request.get("target_env"), request.get("service")))) or None
    yield "version", request.get("release_version")
    yield "task", request.get("task")
    yield "artifact", request.get("artifact_path")
    yield "digest", request.get("artifact_sha256")
    yield "asked by", request.get("requested_by")
    yield "because", request.get("reason")
    yield "commit", request.get("source_commit")
    yield "payload", release.payload_hash
    yield "route", plan and _route(plan)
    yield "job", plan and plan.job
    yield "lane", plan and plan.lane
    yield "attempt", release.attempt
    yield "accepted", f"{release.accepted_at:%Y-%m-%d %H:%M:%S}"
    yield "execution", release.execution
    yield "log", release.log_uri


def _ending(release: Release) -> Iterator[tuple[str, object]]:
    result, cancel = release.result, release.cancellation
    if cancel:
        because = f": {cancel.reason}" if cancel.reason else ""
        yield "cancel", f"asked for by {cancel.requested_by or 'somebody'}{because}"
    if result.reason:
        text = closing_reason_text(result.reason)
        yield "reason", f"{result.reason}: {text.why}"
        yield "detail", result.detail
        yield "to do", text.fix
        yield "runbook", runbook_url(result.reason)
    yield "exit code", result.exit_code
    yield "replaced by", result.superseded_by
    yield from ((f"output {key}", value) for key, value in result.outputs.items())
    yield from ((f"items {group.replace('_', ' ')}", _items(found)) for group, found in result.items.items())


def _items(group: ItemGroup) -> str:
    more = ", …" if group.count > len(group.names) else ""
    return f"{group.count}: {', '.join(group.names)}{more}" if group.names else str(group.count)


def _route(plan: ReleasePlan) -> str:
    if plan.matched is None:
        return plan.route
    return f"{plan.route}, which takes {', '.join(plan.matched) or 'everything'}"


def _timeline(release: Release) -> Iterator[str]:
    for entry, lasted in _with_durations(release.history):
        took = f"for {format_duration(lasted)}" if lasted is not None else ""
        yield f"  {entry.at:%Y-%m-%d %H:%M:%S}  {entry.state.value:<13} {took:<9}  {entry.note or ''}".rstrip()


def _with_durations(history: Sequence[HistoryEntry]) -> Iterator[tuple[HistoryEntry, timedelta | None]]:
    """Yield each state with how long it lasted; the current state has no duration yet."""
    for entry, following in pairwise(history):
        yield entry, following.at - entry.at
    if history:
        yield history[-1], None
