"""Prints how far a release is while somebody waits for it, each line once."""

from collections.abc import Callable

from interlock.domain.releases.lane import Lane
from interlock.domain.releases.model import Release, State
from interlock.ledger.interface import LedgerReader
from interlock_cli.actions.lanes import read_lane
from interlock_cli.views.progress import progress_lines


class ProgressPrinter:
    """Remembers the lines that it has printed."""

    def __init__(self, ledger: LedgerReader, print_line: Callable[[str], None]) -> None:
        self._ledger = ledger
        self._print_line = print_line
        self._printed: set[str] = set()

    def print_new(self, release: Release | None) -> None:
        """Print what has changed since the last call."""
        for line in progress_lines(release, self._lane_of(release)):
            if line not in self._printed:
                self._printed.add(line)
                self._print_line(line)

    def _lane_of(self, release: Release | None) -> Lane | None:
        if release is None or release.plan is None or release.state is not State.QUEUED:
            return None
        return read_lane(self._ledger, release.plan.lane)
