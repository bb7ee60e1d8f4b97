"""`interlock wait`: wait until a release is closed, and end with its exit code."""

from typing import TYPE_CHECKING, Annotated

import typer

from interlock_cli.errors import ExitCode
from interlock_cli.options import LedgerFlag, TimeoutFlag
from interlock_cli.views.output import JsonFlag, say

if TYPE_CHECKING:
    from datetime import timedelta

    from interlock.domain.releases.model import Release
    from interlock.ledger.interface import LedgerReader
    from interlock_cli.actions.wait import Awaited


def wait(
    release_id: Annotated[str, typer.Argument(metavar="ID", help="The release id; it may still be on its way.")],
    ledger: LedgerFlag,
    *,
    timeout: TimeoutFlag = None,
    as_json: JsonFlag = False,
) -> int:
    """Wait for a release to close: exit 0 succeeded, 1 failed, 2 rejected, 3 cancelled, 4 errored, 5 time is up.

    Example: interlock wait my-app-1.2.4 --timeout 30m
    """
    from interlock.bootstrap import open_ledger
    from interlock_cli.actions.wait import Awaited
    from interlock_cli.views.exit_codes import end

    waited = wait_for(open_ledger(ledger), Awaited(release_id=release_id), timeout)
    return waited if isinstance(waited, ExitCode) else end(waited, {"release_id": release_id}, as_json=as_json)


def wait_for(ledger: "LedgerReader", awaited: "Awaited", timeout: "timedelta | None") -> "Release | ExitCode | None":
    """Return the closed release, None when the time is up, or the exit code of whoever was interrupted."""
    from interlock_cli.actions.wait import follow, interruptible

    try:
        with interruptible():
            return follow(ledger, awaited, timeout=timeout)
    except KeyboardInterrupt:
        return stopped(awaited.release_id)


def stopped(release_id: str) -> "ExitCode":
    """Say that the waiting has ended before the release has, and return the exit code for that."""
    say(f"stopped waiting; the release goes on. Wait on: interlock wait {release_id}")
    return ExitCode.INTERRUPTED
