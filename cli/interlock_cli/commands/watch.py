"""`interlock watch`: all open releases, live; those that close meanwhile stay in the table."""

import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from interlock_cli.errors import ExitCode
from interlock_cli.options import JsonLinesFlag, LedgerFlag, TimeoutFlag
from interlock_cli.views.output import print_json_line, print_status, terminal_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.domain.releases.model import Release
    from interlock.ledger.interface import LedgerReader

EveryFlag = Annotated[float, typer.Option("--every", min=0.2, help="Seconds between two looks.")]
UntilIdleFlag = Annotated[bool, typer.Option("--until-idle", help="End, with exit code 0, once no release is open.")]


def watch(
    ledger: LedgerFlag,
    *,
    every: EveryFlag = 1.0,
    until_idle: UntilIdleFlag = False,
    timeout: TimeoutFlag = None,
    as_json: JsonLinesFlag = False,
) -> int:
    """Watch all open releases until Ctrl-C: a table on a terminal, a line for each change in a pipe.

    Example: interlock watch
    """
    from interlock.bootstrap import open_ledger

    deadline = time.monotonic() + (timeout or timedelta(days=365)).total_seconds()
    updates = _read_again_and_again(open_ledger(ledger), every)
    is_table = sys.stdout.isatty() and not as_json
    for releases in _shown_as_table(updates) if is_table else _shown_as_lines(updates, as_json=as_json):
        if until_idle and all(one.is_closed for one in releases.values()):
            return ExitCode.SUCCESS
        if time.monotonic() >= deadline:
            print_status("the time is up")
            return ExitCode.TIMED_OUT
    return ExitCode.SUCCESS


def _read_again_and_again(ledger: "LedgerReader", every: float) -> "Iterator[dict[str, Release]]":
    from interlock.ledger.interface import LedgerUnavailable
    from interlock_cli.actions.lanes import read_open_releases
    from interlock_cli.actions.releases import read_release
    from interlock_cli.actions.wait import print_unavailable

    known: dict[str, Release] = {}
    while True:
        try:
            known |= {one.release_id: one for one in read_open_releases(ledger)}
            again = [read_release(ledger, one.release_id) for one in known.values() if not one.is_closed]
            known |= {one.release_id: one for one in again if one}
            yield known
        except LedgerUnavailable as error:
            print_unavailable(error)
        time.sleep(every)


def _shown_as_lines(updates: "Iterator[dict[str, Release]]", *, as_json: bool) -> "Iterator[dict[str, Release]]":
    from interlock_cli.views.release import release_document

    printed: dict[str, str] = {}
    for releases in updates:
        for one in releases.values():
            if printed.get(one.release_id) != one.public_state.value:
                printed[one.release_id] = one.public_state.value
                print_json_line(release_document(one)) if as_json else print(_line(one), flush=True)
        yield releases


def _line(release: "Release") -> str:
    lane = release.plan.lane if release.plan else ""
    return f"{release.updated_at:%H:%M:%S}  {release.public_state.value:<13} {release.release_id}  {lane}".rstrip()


def _shown_as_table(updates: "Iterator[dict[str, Release]]") -> "Iterator[dict[str, Release]]":
    from rich.live import Live

    from interlock.bootstrap import utc_now
    from interlock_cli.views.release_table import HEADINGS, release_row

    with Live(auto_refresh=False) as live:
        for releases in updates:
            rows = [release_row(one, utc_now()) for one in releases.values()]
            cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
            live.update(terminal_table(HEADINGS, cells), refresh=True)
            yield releases
