"""How long a release waited and ran, by its own timeline: what dashboards draw their percentiles from.

An event that changed nothing (a duplicate, a stray) took no time: each release counts once.
"""

from datetime import datetime

from interlock.domain.release import Release, State
from interlock.domain.step import Stepped
from interlock.domain.transition import Complete, Confirm, Event, Ignored


def queue_seconds(event: Event, stepped: Stepped) -> float | None:
    """Return how long the attempt waited, where this event confirmed its start; otherwise None."""
    release = _moved(stepped) if isinstance(event, Confirm) else None
    begun = release and _begun(release)
    return (begun - release.accepted_at).total_seconds() if release and begun else None


def run_seconds(event: Event, stepped: Stepped) -> float | None:
    """Return how long the attempt ran, where this event closed it; otherwise None."""
    release = _moved(stepped) if isinstance(event, Complete) else None
    begun = release and release.is_closed and _begun(release)
    return (release.updated_at - begun).total_seconds() if release and begun else None


def _moved(stepped: Stepped) -> Release | None:
    return None if any(isinstance(effect, Ignored) for effect in stepped.effects) else stepped.release


def _begun(release: Release) -> datetime | None:
    """Return when this attempt's execution was known, or None."""
    steps = (step.at for step in release.history if step.attempt == release.attempt and step.state is State.STARTED)
    return next(steps, None)
