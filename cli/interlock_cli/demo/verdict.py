"""Whether the demo has succeeded: every release ended as it must, ran as often as it must, and never two in a lane."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from interlock.domain.releases.model import Release, State
from interlock_cli.demo.releases import DemoRelease


def faults(
    expected: Sequence[DemoRelease], releases: Mapping[str, Release], *, runs: Sequence[str], alerted: Sequence[str]
) -> Iterator[str]:
    """Yield one line for each thing that is not as it must be; the demo has succeeded if there is none."""
    for one in expected:
        yield from _faults_of(one, releases.get(one.release_id), runs, alerted)
    yield from _overlaps(list(releases.values()))


def _faults_of(
    expected: DemoRelease, release: Release | None, runs: Sequence[str], alerted: Sequence[str]
) -> Iterator[str]:
    if release is None:
        yield f"{expected.release_id}: the ledger has no record of it"
        return
    if release.public_state != expected.ends:
        yield f"{expected.release_id}: must end {expected.ends}, is {release.public_state}"
    if expected.reason is not None and release.result.reason != expected.reason:
        yield f"{expected.release_id}: must end for {expected.reason}, ended for {release.result.reason}"
    if (count := runs.count(expected.release_id)) != expected.runs:
        yield f"{expected.release_id}: its script must run {expected.runs} times, ran {count} times"
    if expected.is_alerted and expected.release_id not in alerted:
        yield f"{expected.release_id}: must reach an alert"


def _overlaps(releases: Sequence[Release]) -> Iterator[str]:
    spans = sorted(span for release in releases if (span := _span(release)))
    for (lane, _, end, first), (other, start, _, second) in pairwise(spans):
        if lane == other and start < end:
            yield f"{first} and {second} ran at the same time in lane {lane}"


def _span(release: Release) -> tuple[str, datetime, datetime, str] | None:
    started = [entry.at for entry in release.history if entry.state is State.STARTED]
    if not started or not release.is_closed or release.plan is None:
        return None
    return release.plan.lane, started[0], release.history[-1].at, release.release_id
