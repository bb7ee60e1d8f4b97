"""How long a release waited and ran, by its own timeline: what dashboards draw their percentiles from."""

from datetime import datetime

from interlock.domain.releases.model import Release, State


def queue_seconds(release: Release) -> float | None:
    """Return how long the attempt waited until its execution was known, or None while there is none."""
    begun = _begun(release)
    return (begun - release.accepted_at).total_seconds() if begun else None


def run_seconds(release: Release) -> float | None:
    """Return how long the closed attempt ran, or None where it is open or never started."""
    begun = _begun(release)
    return (release.updated_at - begun).total_seconds() if begun and release.is_closed else None


def _begun(release: Release) -> datetime | None:
    """Return when this attempt's execution was known, or None."""
    begun = (one.at for one in release.history if one.attempt == release.attempt and one.state is State.STARTED)
    return next(begun, None)
