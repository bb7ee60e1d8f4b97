"""`interlock releases show`: one release's state and timeline, read from the ledger."""

from interlock_cli.errors import CommandError, ExitCode
from interlock_cli.options import JsonFlag, LedgerFlag, ReleaseArgument
from interlock_cli.views.output import print_result


def show_release(release_id: ReleaseArgument, ledger: LedgerFlag, *, as_json: JsonFlag = False) -> int:
    """Show where a release stands, how it got there, and how it ended. Example: interlock releases show my-app-1.2.4"""
    from interlock.bootstrap import open_ledger
    from interlock_cli.actions.releases import read_release
    from interlock_cli.views.release import release_document, release_lines

    release = read_release(open_ledger(ledger), release_id)
    if release is None:
        remedy = "check the id; a message just published takes a moment to arrive"
        raise CommandError(f"no release {release_id}", remedy, code=ExitCode.FAILURE)
    print_result(release_document(release), release_lines(release), as_json=as_json)
    return ExitCode.SUCCESS
