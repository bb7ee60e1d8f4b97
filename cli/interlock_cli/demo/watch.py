"""Shows the demo's releases while they move: a table that fills on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.table import Table

from interlock.domain.releases.model import OUTCOMES, Release
from interlock_cli.demo.releases import DemoRelease

_COLOURS = {"success": "green", "failure": "red", "cancel": "yellow", "error": "magenta"}

Found = Mapping[str, Release]


def watch(
    expected: Sequence[DemoRelease], read: Callable[[], Found], *, console: Console, seconds: float, every: float = 0.15
) -> Found:
    """Read the releases again and again, and show what changed, until all are closed or the time is up."""
    deadline = time.monotonic() + seconds
    with _screen(expected, console) as update:
        while True:
            found = read()
            update(found)
            if all(one.release_id in found and found[one.release_id].is_closed for one in expected):
                return found
            if time.monotonic() > deadline:
                return found
            time.sleep(every)


@contextmanager
def _screen(expected: Sequence[DemoRelease], console: Console) -> Iterator[Callable[[Found], None]]:
    if not console.is_terminal:
        yield _Lines(expected, console).update
        return
    with Live(_table(expected, {}), console=console, refresh_per_second=8) as live:
        yield lambda found: live.update(_table(expected, found))


class _Lines:
    """Prints a line for each state a release reaches."""

    def __init__(self, expected: Sequence[DemoRelease], console: Console) -> None:
        self._shows = {one.release_id: one.shows for one in expected}
        self._console = console
        self._last_sequence: dict[str, int] = {}

    def update(self, found: Found) -> None:
        for release_id, release in found.items():
            for entry in release.history:
                if entry.sequence > self._last_sequence.get(release_id, 0):
                    self._last_sequence[release_id] = entry.sequence
                    line = f"{entry.at:%H:%M:%S}  {release_id:<13} {entry.state.value:<10} {self._shows[release_id]}"
                    self._console.print(line, highlight=False, soft_wrap=True)


def _table(expected: Sequence[DemoRelease], found: Found) -> Table:
    table = Table("release", "what it shows", "state", "in lane", "how it came")
    for one in expected:
        release = found.get(one.release_id)
        if release is None:
            table.add_row(one.release_id, one.shows, "[dim]published[/dim]", "", "")
        else:
            table.add_row(one.release_id, one.shows, _state(release), _lane(release), _timeline(release))
    return table


def _state(release: Release) -> str:
    state = release.public_state
    colour = _COLOURS.get(OUTCOMES.get(state, ""), "cyan")
    return f"[{colour}]{state.value}[/{colour}]"


def _lane(release: Release) -> str:
    return release.plan.lane if release.plan else ""


def _timeline(release: Release) -> str:
    first = release.accepted_at
    return " → ".join(f"{entry.state.value} {(entry.at - first).total_seconds():.1f}s" for entry in release.history)
