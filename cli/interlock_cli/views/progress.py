"""Tells on standard error how a release goes while somebody waits: its place in the lane, its execution, its states."""

from collections.abc import Callable, Iterator

from interlock.domain.releases.lane import Lane, position
from interlock.domain.releases.model import Release, State
from interlock.ledger.interface import LedgerReader
from interlock.ledger.records import Key


class Narration:
    """Says each thing once."""

    def __init__(self, ledger: LedgerReader, say: Callable[[str], None]) -> None:
        self._ledger = ledger
        self._say = say
        self._told: set[str] = set()

    def tell(self, release: Release | None) -> None:
        """Say what is new since the last look."""
        for line in self._lines(release):
            if line not in self._told:
                self._told.add(line)
                self._say(line)

    def _lines(self, release: Release | None) -> Iterator[str]:
        if release is None:
            yield "waiting for Interlock to take the message"
            return
        for step in release.history:
            if step.attempt == release.attempt and step.state not in {State.QUEUED, State.STARTING}:
                yield f"{step.at:%H:%M:%S}  {step.state.value}" + (f": {step.note}" if step.note else "")
        if release.state is State.QUEUED:
            yield self._place(release)
        if release.execution and not release.is_closed:
            yield f"          execution {release.execution.rsplit('/', 1)[-1]}"
            yield (
                f"          log {release.log_uri}"
                if release.log_uri
                else f"          log: interlock logs {release.release_id}"
            )
        if release.cancellation and not release.is_closed:
            yield f"          cancel requested by {release.cancellation.requested_by or 'somebody'}"

    def _place(self, release: Release) -> str:
        if release.plan is None:
            return "queued"
        lane = self._ledger.read(Key("lanes", release.plan.lane))
        if not isinstance(lane, Lane) or (place := position(lane, release.release_id)) is None:
            return f"queued in lane {release.plan.lane}"
        held = f", held by {', '.join(lane.holders)}" if lane.holders else ""
        return f"queued in lane {release.plan.lane}: number {place} of {len(lane.queue)}{held}"
