"""A release as people and programs read it."""

from collections.abc import Iterator
from typing import Any

from interlock.domain.release import OUTCOMES, Release
from interlock.domain.status_event import status_event


def as_document(release: Release) -> dict[str, Any]:
    """Return the release as one JSON document: the keys of its newest status event, its request and its timeline."""
    told = release.told or status_event(release, at=release.updated_at)
    return {
        **told.data,
        "state": release.public_state.value,
        "outcome": OUTCOMES.get(release.public_state),
        "accepted_at": release.accepted_at.isoformat(),
        "payload_hash": release.payload_hash,
        "request": dict(release.request),
        "timeline": [
            {
                "state": step.state.value,
                "time": step.at.isoformat(),
                "attempt": step.attempt,
                "sequence": step.sequence,
                "note": step.note,
            }
            for step in release.history
        ],
    }


def as_lines(release: Release) -> Iterator[str]:
    """Yield the release as text: where it stands, what it is, its timeline, and how it ended."""
    outcome = OUTCOMES.get(release.public_state)
    yield f"{release.release_id}  {release.public_state.value}" + (f" ({outcome})" if outcome else "")
    for label, value in _facts(release):
        if value is not None:
            yield f"  {label:<10} {value}"
    yield from _timeline(release)
    yield from (f"  stderr     {line}" for line in release.result.error_lines)
    yield from (f"  violation  {violation}" for violation in release.result.violations)


def _facts(release: Release) -> Iterator[tuple[str, object]]:
    plan, result = release.plan, release.result
    yield "target", release.request.get("target_env")
    yield "version", release.request.get("release_version")
    yield "artifact", release.request.get("artifact_path")
    yield "digest", release.request.get("artifact_sha256")
    yield "asked by", release.request.get("requested_by")
    yield "because", release.request.get("reason")
    yield "commit", release.request.get("source_commit")
    yield "payload", release.payload_hash
    yield "route", plan and plan.route
    yield "job", plan and plan.job
    yield "lane", plan and plan.lane
    yield "attempt", release.attempt
    yield "execution", release.execution
    yield "log", release.log_uri
    yield "reason", result.reason
    yield "detail", result.detail
    yield "exit code", result.exit_code
    yield "replaced by", result.superseded_by
    yield from ((f"output {key}", value) for key, value in result.outputs.items())


def _timeline(release: Release) -> Iterator[str]:
    before = release.accepted_at
    for step in release.history:
        took = f"+{(step.at - before).total_seconds():.1f} s"
        note = f"  {step.note}" if step.note else ""
        yield f"  {step.at:%H:%M:%S}  {step.state.value:<13} {took:>9}{note}"
        before = step.at
