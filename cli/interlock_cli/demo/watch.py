"""Shows the demo's releases while they move: a table that fills on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.table import Table

from interlock.domain.releases.model import OUTCOMES, Release
from interlock_cli.demo.scenes import Scene

_COLOURS = {"success": "green", "failure": "red", "cancel": "yellow", "error": "magenta"}

Found = Mapping[str, Release]


def watch(
    scenes: Sequence[Scene], look: Callable[[], Found], *, console: Console, seconds: float, every: float = 0.15
) -> Found:
    """Look again and again, and show what changed, until every release is closed or the time is up."""
    deadline = time.monotonic() + seconds
    with _screen(scenes, console) as update:
        while True:
            found = look()
            update(found)
            if all(one.release_id in found and found[one.release_id].is_closed for one in scenes):
                return found
            if time.monotonic() > deadline:
                return found
            time.sleep(every)


@contextmanager
def _screen(scenes: Sequence[Scene], console: Console) -> Iterator[Callable[[Found], None]]:
    if not console.is_terminal:
        yield _Lines(scenes, console).update
        return
    with Live(_table(scenes, {}), console=console, refresh_per_second=8) as live:
        yield lambda found: live.update(_table(scenes, found))


class _Lines:
    """Prints a line for each state a release reaches."""

    def __init__(self, scenes: Sequence[Scene], console: Console) -> None:
        self._shows = {scene.release_id: scene.shows for scene in scenes}
        self._console = console
        self._told: dict[str, int] = {}

    def update(self, found: Found) -> None:
        for release_id, release in found.items():
            for step in release.history:
                if step.sequence > self._told.get(release_id, 0):
                    self._told[release_id] = step.sequence
                    line = f"{step.at:%H:%M:%S}  {release_id:<13} {step.state.value:<10} {self._shows[release_id]}"
                    self._console.print(line, highlight=False, soft_wrap=True)


def _table(scenes: Sequence[Scene], found: Found) -> Table:
    table = Table("release", "what it shows", "state", "in lane", "how it came")
    for scene in scenes:
        release = found.get(scene.release_id)
        if release is None:
            table.add_row(scene.release_id, scene.shows, "[dim]published[/dim]", "", "")
        else:
            table.add_row(scene.release_id, scene.shows, _state(release), _lane(release), _way(release))
    return table


def _state(release: Release) -> str:
    state = release.public_state
    colour = _COLOURS.get(OUTCOMES.get(state, ""), "cyan")
    return f"[{colour}]{state.value}[/{colour}]"


def _lane(release: Release) -> str:
    return release.plan.lane if release.plan else ""


def _way(release: Release) -> str:
    first = release.accepted_at
    return " → ".join(f"{step.state.value} {(step.at - first).total_seconds():.1f}s" for step in release.history)
