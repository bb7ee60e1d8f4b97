"""How long a release waited and ran, by its own timeline: what dashboards draw their percentiles from.

An event that changed nothing (a duplicate, a stray) took no time: each release counts once.
"""

from collections.abc import Sequence
from datetime import datetime

from interlock.domain.releases.effects import Effect, NoEffect
from interlock.domain.releases.events import Event, ExecutionEnded, StartConfirmed
from interlock.domain.releases.model import Release, State


def queue_seconds(event: Event, release: Release | None, effects: Sequence[Effect]) -> float | None:
    """Return how long the attempt waited, where this event confirmed its start; otherwise None."""
    moved = _moved(release, effects) if isinstance(event, StartConfirmed) else None
    begun = moved and _begun(moved)
    return (begun - moved.accepted_at).total_seconds() if moved and begun else None


def run_seconds(event: Event, release: Release | None, effects: Sequence[Effect]) -> float | None:
    """Return how long the attempt ran, where this event closed it; otherwise None."""
    moved = _moved(release, effects) if isinstance(event, ExecutionEnded) else None
    begun = moved and moved.is_closed and _begun(moved)
    return (moved.updated_at - begun).total_seconds() if moved and begun else None


def _moved(release: Release | None, effects: Sequence[Effect]) -> Release | None:
    return None if any(isinstance(effect, NoEffect) for effect in effects) else release


def _begun(release: Release) -> datetime | None:
    """Return when this attempt's execution was known, or None."""
    steps = (step.at for step in release.history if step.attempt == release.attempt and step.state is State.STARTED)
    return next(steps, None)
