"""`interlock releases show`: one release's state and timeline, read from the ledger."""

from typing import Annotated

import typer

from interlock_cli.errors import CommandError, ExitCode
from interlock_cli.views.output import JsonFlag, show


def show_release(
    release_id: Annotated[str, typer.Argument(metavar="ID", help="The release id.")],
    ledger: Annotated[str, typer.Option(envvar="INTERLOCK_LEDGER", help="sqlite:///PATH or firestore://PROJECT/DB")],
    as_json: JsonFlag = False,  # noqa: FBT002 - a flag
) -> int:
    """Show where a release stands, how it got there, and how it ended. Example: interlock releases show my-app-1.2.4"""
    from interlock.bootstrap import open_ledger
    from interlock.domain.releases.model import Release
    from interlock.services.release_transaction import release_key
    from interlock_cli.views.release import as_document, as_lines

    release = open_ledger(ledger).read(release_key(release_id))
    if not isinstance(release, Release):
        remedy = "check the id; a message just published takes a moment to arrive"
        raise CommandError(f"no release {release_id}", remedy, code=ExitCode.FAILURE)
    show(as_document(release), as_lines(release), as_json=as_json)
    return ExitCode.SUCCESS
