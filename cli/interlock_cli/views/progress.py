"""How far a release is, as lines for whoever waits for it: its states, its place in the lane, its execution."""

from collections.abc import Iterator

from interlock.domain.releases.lane import Lane, position
from interlock.domain.releases.model import Release, State


def progress_lines(release: Release | None, lane: Lane | None) -> Iterator[str]:
    """Yield what is known by now; None is a release that is not in the ledger yet, and a lane that was not found."""
    if release is None:
        yield "waiting for Interlock to take the message"
        return
    yield from _states(release)
    if release.state is State.QUEUED:
        yield _place_in_lane(release, lane)
    if release.execution and not release.is_closed:
        yield f"          execution {release.execution.rsplit('/', 1)[-1]}"
        command = f"interlock logs {release.release_id}"
        yield f"          log {release.log_uri}" if release.log_uri else f"          log: {command}"
    if release.cancellation and not release.is_closed:
        yield f"          cancel requested by {release.cancellation.requested_by or 'somebody'}"


def _states(release: Release) -> Iterator[str]:
    """Yield this attempt's public states but for `queued`, which the place in the lane shows."""
    for entry in release.history:
        if entry.attempt == release.attempt and entry.state not in {State.QUEUED, State.STARTING}:
            yield f"{entry.at:%H:%M:%S}  {entry.state.value}" + (f": {entry.note}" if entry.note else "")


def _place_in_lane(release: Release, lane: Lane | None) -> str:
    if release.plan is None:
        return "queued"
    if lane is None or (place := position(lane, release.release_id)) is None:
        return f"queued in lane {release.plan.lane}"
    held = f", held by {', '.join(lane.holders)}" if lane.holders else ""
    return f"queued in lane {release.plan.lane}: number {place} of {len(lane.queue)}{held}"
