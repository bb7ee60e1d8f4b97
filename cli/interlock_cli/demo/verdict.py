"""Judges the demo: whether every release ended as it must, ran as often as it must, and never two in a lane."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from interlock.domain.releases.model import Release, State
from interlock_cli.demo.scenes import Scene


def faults(
    scenes: Sequence[Scene], releases: Mapping[str, Release], *, runs: Sequence[str], alerted: Sequence[str]
) -> Iterator[str]:
    """Yield one line for everything that is not as it must be; nothing is a pass."""
    for scene in scenes:
        yield from _faults_of(scene, releases.get(scene.release_id), runs, alerted)
    yield from _overlaps(list(releases.values()))


def _faults_of(scene: Scene, release: Release | None, runs: Sequence[str], alerted: Sequence[str]) -> Iterator[str]:
    if release is None:
        yield f"{scene.release_id}: the ledger has no record of it"
        return
    if release.public_state != scene.ends:
        yield f"{scene.release_id}: must end {scene.ends}, is {release.public_state}"
    if scene.reason is not None and release.result.reason != scene.reason:
        yield f"{scene.release_id}: must end for {scene.reason}, ended for {release.result.reason}"
    if runs.count(scene.release_id) != scene.runs:
        yield f"{scene.release_id}: its script must run {scene.runs} times, ran {runs.count(scene.release_id)} times"
    if scene.is_alerted and scene.release_id not in alerted:
        yield f"{scene.release_id}: must reach an alert"


def _overlaps(releases: Sequence[Release]) -> Iterator[str]:
    spans = sorted(span for release in releases if (span := _span(release)))
    for (lane, _, end, first), (other, start, _, second) in pairwise(spans):
        if lane == other and start < end:
            yield f"{first} and {second} ran at the same time in lane {lane}"


def _span(release: Release) -> tuple[str, datetime, datetime, str] | None:
    started = [step.at for step in release.history if step.state is State.STARTED]
    if not started or not release.is_closed or release.plan is None:
        return None
    return release.plan.lane, started[0], release.history[-1].at, release.release_id
