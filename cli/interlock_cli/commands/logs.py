"""`interlock logs`: what a release's execution has logged."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from interlock_cli.errors import CommandError
from interlock_cli.options import JsonLinesFlag, LedgerFlag, ReleaseArgument
from interlock_cli.views.output import print_json_line, print_status

if TYPE_CHECKING:
    from interlock.domain.releases.model import Release
    from interlock.ledger.interface import LedgerReader
    from interlock_cli.actions.log_reader import LogReader

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
    release_id: ReleaseArgument,
    ledger: LedgerFlag,
    *,
    follow: FollowFlag = False,
    endpoint: LogsEndpointFlag = "",
    as_json: JsonLinesFlag = False,
) -> None:
    """Print the log of a release. Example: interlock logs my-app-1.2.4 --follow"""
    from interlock.bootstrap import open_ledger
    from interlock_cli.actions.log_reader import open_log

    opened = open_ledger(ledger)
    release = _find(opened, release_id)
    while follow and not release.execution and not release.is_closed:
        time.sleep(_POLL_SECONDS)
        release = _find(opened, release_id)
    if not release.execution:
        raise CommandError(f"{release_id} is {release.public_state.value} and has no execution", "add --follow to wait")
    reader = open_log(release.execution, release.log_uri, endpoint)
    _print(opened, release, reader=reader, follow=follow, as_json=as_json)


def _print(ledger: "LedgerReader", release: "Release", *, reader: "LogReader", follow: bool, as_json: bool) -> None:
    while follow and not release.is_closed:
        _print_new(reader, as_json=as_json)
        time.sleep(_POLL_SECONDS)
        release = _find(ledger, release.release_id)
    _print_new(reader, as_json=as_json)
    if release.is_closed:
        print_status(f"{release.release_id} {release.public_state.value}")


def _print_new(reader: "LogReader", *, as_json: bool) -> None:
    from interlock_cli.views.log_entry import log_line

    for entry in reader.read_new():
        print_json_line(entry) if as_json else print(log_line(entry), flush=True)


def _find(ledger: "LedgerReader", release_id: str) -> "Release":
    from interlock_cli.actions.releases import read_release

    release = read_release(ledger, release_id)
    if release is None:
        raise CommandError(f"no release {release_id}", "check the id; a message just published takes a moment")
    return release
