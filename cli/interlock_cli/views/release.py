"""A release as people and programs read it."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

from interlock.domain.releases.model import OUTCOMES, Cancellation, HistoryEntry, ItemGroup, Release, ReleasePlan
from interlock.domain.releases.status_event import event_data
from interlock_cli.durations import shown
from interlock_cli.views.reasons import reason_of_end, runbook_of


def as_document(release: Release) -> dict[str, Any]:
    """Return the release as one JSON document: the keys of its newest status event, its request and its timeline."""
    newest = release.last_event
    told = newest.data if newest else event_data(release)
    matched = release.plan.matched if release.plan else None
    return {
        **told,
        "state": release.public_state.value,
        "outcome": OUTCOMES.get(release.public_state),
        "accepted_at": release.accepted_at.isoformat(),
        "payload_hash": release.payload_hash,
        "request": dict(release.request),
        "route_matched": None if matched is None else list(matched),
        "cancellation": _cancellation(release.cancellation),
        "runbook": runbook_of(release.result.reason) if release.result.reason else None,
        "timeline": [_told(step, lasted) for step, lasted in _timed(release.history)],
    }


def _cancellation(asked: Cancellation | None) -> dict[str, Any] | None:
    return {"by": asked.requested_by, "at": asked.at.isoformat(), "reason": asked.reason} if asked else None


def _told(step: HistoryEntry, lasted: timedelta | None) -> dict[str, Any]:
    return {
        "state": step.state.value,
        "time": step.at.isoformat(),
        "duration_seconds": lasted and lasted.total_seconds(),
        "attempt": step.attempt,
        "sequence": step.sequence,
        "note": step.note,
    }


def as_lines(release: Release) -> Iterator[str]:
    """Yield the release as text: where it stands, what it is, its timeline, and how it ended."""
    outcome = OUTCOMES.get(release.public_state)
    yield f"{release.release_id}  {release.public_state.value}" + (f" ({outcome})" if outcome else "")
    for label, value in (*_facts(release), *_ending(release)):
        if value is not None:
            yield f"  {label:<10} {value}"
    yield from _timeline(release)
    yield from (f"  stderr     {line}" for line in release.result.error_lines)
    yield from (f"  violation  {violation}" for violation in release.result.violations)


def _facts(release: Release) -> Iterator[tuple[str, object]]:
    plan, asked = release.plan, release.request
    yield "target", "/".join(filter(None, (asked.get("target_env"), asked.get("service")))) or None
    yield "version", asked.get("release_version")
    yield "task", asked.get("task")
    yield "artifact", asked.get("artifact_path")
    yield "digest", asked.get("artifact_sha256")
    yield "asked by", asked.get("requested_by")
    yield "because", asked.get("reason")
    yield "commit", asked.get("source_commit")
    yield "payload", release.payload_hash
    yield "route", plan and _route(plan)
    yield "job", plan and plan.job
    yield "lane", plan and plan.lane
    yield "attempt", release.attempt
    yield "accepted", f"{release.accepted_at:%Y-%m-%d %H:%M:%S}"
    yield "execution", release.execution
    yield "log", release.log_uri


def _ending(release: Release) -> Iterator[tuple[str, object]]:
    result, asked = release.result, release.cancellation
    if asked:
        yield (
            "cancel",
            f"asked for by {asked.requested_by or 'somebody'}" + (f": {asked.reason}" if asked.reason else ""),
        )
    if result.reason:
        told = reason_of_end(result.reason)
        yield "reason", f"{result.reason}: {told.why}"
        yield "detail", result.detail
        yield "to do", told.fix
        yield "runbook", runbook_of(result.reason)
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
    for step, lasted in _timed(release.history):
        took = f"for {shown(lasted)}" if lasted is not None else ""
        yield f"  {step.at:%Y-%m-%d %H:%M:%S}  {step.state.value:<13} {took:<9}  {step.note or ''}".rstrip()


def _timed(history: Sequence[HistoryEntry]) -> Iterator[tuple[HistoryEntry, timedelta | None]]:
    """Yield each state with how long it lasted; the last one lasts."""
    for step, following in pairwise(history):
        yield step, following.at - step.at
    if history:
        yield history[-1], None
