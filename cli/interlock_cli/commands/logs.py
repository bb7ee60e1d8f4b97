"""`interlock logs`: what a release's execution has written."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from interlock_cli.errors import CommandError
from interlock_cli.options import LedgerFlag
from interlock_cli.views.output import JsonLinesFlag, say, show_json_line

if TYPE_CHECKING:
    from interlock.domain.releases.model import Release
    from interlock.ledger.interface import LedgerReader
    from interlock_cli.actions.log_lines import LogLines

FollowFlag = Annotated[bool, typer.Option("--follow", "-f", help="Go on until the release is closed.")]
LogsEndpointFlag = Annotated[
    str,
    typer.Option(
        "--endpoint",
        envvar="INTERLOCK_LOGGING_ENDPOINT",
        help="host:port of a plaintext Cloud Logging; empty means Google's.",
    ),
]
_POLL_SECONDS = 1.0


def logs(
    release_id: Annotated[str, typer.Argument(metavar="ID", help="The release id.")],
    ledger: LedgerFlag,
    *,
    follow: FollowFlag = False,
    endpoint: LogsEndpointFlag = "",
    as_json: JsonLinesFlag = False,
) -> None:
    """Print the log of a release. Example: interlock logs my-app-1.2.4 --follow"""
    from interlock.bootstrap import open_ledger
    from interlock_cli.actions.log_lines import open_lines

    opened = open_ledger(ledger)
    release = _read(opened, release_id)
    while follow and not release.execution and not release.is_closed:
        time.sleep(_POLL_SECONDS)
        release = _read(opened, release_id)
    if not release.execution:
        raise CommandError(f"{release_id} is {release.public_state.value} and has no execution", "add --follow to wait")
    lines = open_lines(release.execution, release.log_uri, endpoint)
    _print(opened, release, lines=lines, follow=follow, as_json=as_json)


def _print(ledger: "LedgerReader", release: "Release", *, lines: "LogLines", follow: bool, as_json: bool) -> None:
    while follow and not release.is_closed:
        _print_new(lines, as_json=as_json)
        time.sleep(_POLL_SECONDS)
        release = _read(ledger, release.release_id)
    _print_new(lines, as_json=as_json)
    if release.is_closed:
        say(f"{release.release_id} {release.public_state.value}")


def _print_new(lines: "LogLines", *, as_json: bool) -> None:
    from interlock_cli.actions.log_lines import as_line

    for entry in lines.new():
        show_json_line(entry) if as_json else print(as_line(entry), flush=True)


def _read(ledger: "LedgerReader", release_id: str) -> "Release":
    from interlock.domain.releases.model import Release
    from interlock.services.release_transaction import release_key

    release = ledger.read(release_key(release_id))
    if not isinstance(release, Release):
        raise CommandError(f"no release {release_id}", "check the id; a message just published takes a moment")
    return release
