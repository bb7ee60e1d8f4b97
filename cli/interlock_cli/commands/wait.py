"""`interlock wait`: wait until a release is closed, and end with its exit code."""

from typing import Annotated

import typer

from interlock_cli.errors import ExitCode
from interlock_cli.options import JsonFlag, LedgerFlag, TimeoutFlag

AwaitedArgument = Annotated[str, typer.Argument(metavar="ID", help="The release id; it may still be on its way.")]


def wait(
    release_id: AwaitedArgument, ledger: LedgerFlag, *, timeout: TimeoutFlag = None, as_json: JsonFlag = False
) -> int:
    """Wait for a release to close: exit 0 succeeded, 1 failed, 2 rejected, 3 cancelled, 4 errored, 5 time is up.

    Example: interlock wait my-app-1.2.4 --timeout 30m
    """
    from interlock.bootstrap import open_ledger
    from interlock_cli.actions.wait import WaitTarget, wait_interruptibly
    from interlock_cli.views.exit_codes import print_outcome

    ended = wait_interruptibly(open_ledger(ledger), WaitTarget(release_id=release_id), timeout)
    return ended if isinstance(ended, ExitCode) else print_outcome(ended, {"release_id": release_id}, as_json=as_json)
