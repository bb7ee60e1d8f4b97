"""Releases as the rows of a table, the same in every command that lists them."""

from datetime import datetime

from interlock.domain.releases.model import Release
from interlock_cli.durations import format_duration

HEADINGS = ("release", "state", "reason", "env", "service", "version", "lane", "changed")


def release_row(release: Release, now: datetime) -> tuple[object, ...]:
    """Return the release as a row below the headings."""
    request = release.request
    version = request.get("release_version") or request.get("task")
    return (
        *(release.release_id, release.public_state.value, release.result.reason),
        *(request.get("target_env"), request.get("service"), version),
        *(release.plan and release.plan.lane, f"{format_duration(now - release.updated_at)} ago"),
    )
