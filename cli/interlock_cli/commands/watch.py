"""`interlock watch`: all open releases, live; those that close meanwhile stay in sight."""

import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from interlock_cli.errors import ExitCode
from interlock_cli.options import LedgerFlag, TimeoutFlag
from interlock_cli.views.output import JsonLinesFlag, as_table, say, show_json_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.domain.releases.model import Release
    from interlock.ledger.interface import LedgerReader

EveryFlag = Annotated[float, typer.Option("--every", min=0.2, help="Seconds between two looks.")]
OnceFlag = Annotated[bool, typer.Option("--until-idle", help="End, with exit code 0, once no release is open.")]


def watch(
    ledger: LedgerFlag,
    *,
    every: EveryFlag = 1.0,
    until_idle: OnceFlag = False,
    timeout: TimeoutFlag = None,
    as_json: JsonLinesFlag = False,
) -> int:
    """Watch all open releases until Ctrl-C: a table on a terminal, a line for each change in a pipe.

    Example: interlock watch
    """
    from interlock.bootstrap import open_ledger

    deadline = time.monotonic() + (timeout or timedelta(days=365)).total_seconds()
    seen = _looks(open_ledger(ledger), every)
    for update in _on_terminal(seen) if sys.stdout.isatty() and not as_json else _as_lines(seen, as_json=as_json):
        if until_idle and all(one.is_closed for one in update.values()):
            return ExitCode.SUCCESS
        if time.monotonic() >= deadline:
            say("the time is up")
            return ExitCode.TIMED_OUT
    return ExitCode.SUCCESS


def _looks(ledger: "LedgerReader", every: float) -> "Iterator[dict[str, Release]]":
    from interlock.domain.releases.model import Release
    from interlock.ledger.interface import LedgerUnavailable
    from interlock.services.release_transaction import release_key
    from interlock_cli.actions.lanes import open_releases

    known: dict[str, Release] = {}
    while True:
        try:
            known |= {one.release_id: one for one in open_releases(ledger)}
            again = [ledger.read(release_key(one.release_id)) for one in known.values() if not one.is_closed]
            known |= {one.release_id: one for one in again if isinstance(one, Release)}
            yield known
        except LedgerUnavailable as error:
            say(f"the ledger does not answer, still trying: {' '.join(str(error).split())[:200]}")
        time.sleep(every)


def _as_lines(looks: "Iterator[dict[str, Release]]", *, as_json: bool) -> "Iterator[dict[str, Release]]":
    from interlock_cli.views.release import as_document

    told: dict[str, str] = {}
    for releases in looks:
        for one in releases.values():
            if told.get(one.release_id) != one.public_state.value:
                told[one.release_id] = one.public_state.value
                show_json_line(as_document(one)) if as_json else print(_line(one), flush=True)
        yield releases


def _line(release: "Release") -> str:
    lane = release.plan.lane if release.plan else ""
    return f"{release.updated_at:%H:%M:%S}  {release.public_state.value:<13} {release.release_id}  {lane}".rstrip()


def _on_terminal(looks: "Iterator[dict[str, Release]]") -> "Iterator[dict[str, Release]]":
    from rich.live import Live

    from interlock_cli.commands.releases.list import HEADINGS, row

    with Live(auto_refresh=False) as live:
        for releases in looks:
            rows = [["" if cell is None else str(cell) for cell in row(one)] for one in releases.values()]
            live.update(as_table(HEADINGS, rows), refresh=True)
            yield releases
