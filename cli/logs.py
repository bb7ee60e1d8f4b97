"""`interlock logs`: what a release's execution has written."""

import json
import time
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import CommandError
from cli.options import LedgerFlag
from cli.output import JsonFlag, say

if TYPE_CHECKING:
    from cli.log_lines import LogLines
    from interlock.domain.release import Release
    from interlock.ports import LedgerReader

FollowFlag = Annotated[bool, typer.Option("--follow", "-f", help="Go on until the release is closed.")]
_POLL_SECONDS = 1.0


def logs(
    release_id: Annotated[str, typer.Argument(metavar="ID", help="The release id.")],
    ledger: LedgerFlag,
    *,
    follow: FollowFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Print the log of a release; --json: an object a line. Example: interlock logs my-app-1.2.4 --follow"""
    from interlock.wiring import open_ledger

    opened = open_ledger(ledger)
    release = _read(opened, release_id)
    while follow and not release.execution and not release.is_closed:
        time.sleep(_POLL_SECONDS)
        release = _read(opened, release_id)
    if not release.execution:
        raise CommandError(f"{release_id} is {release.public_state.value} and has no execution", "add --follow to wait")
    _print(opened, release, follow=follow, as_json=as_json)


def _print(ledger: "LedgerReader", release: "Release", *, follow: bool, as_json: bool) -> None:
    from cli.log_lines import open_lines

    lines = open_lines(release.execution or "", release.log_uri)
    while follow and not release.is_closed:
        _print_new(lines, as_json=as_json)
        time.sleep(_POLL_SECONDS)
        release = _read(ledger, release.release_id)
    _print_new(lines, as_json=as_json)
    if release.is_closed:
        say(f"{release.release_id} {release.public_state.value}")


def _print_new(lines: "LogLines", *, as_json: bool) -> None:
    from cli.log_lines import as_line

    for entry in lines.new():
        print(json.dumps(entry, ensure_ascii=False, default=str) if as_json else as_line(entry), flush=True)


def _read(ledger: "LedgerReader", release_id: str) -> "Release":
    from interlock.domain.release import Release
    from interlock.domain.step import release_key

    release = ledger.read(release_key(release_id))
    if not isinstance(release, Release):
        raise CommandError(f"no release {release_id}", "check the id; a message just published takes a moment")
    return release
