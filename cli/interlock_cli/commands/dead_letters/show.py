"""`interlock dead-letters show`: one dead letter whole: why, what mends it, its history, its message."""

from typing import Annotated

import typer

from interlock_cli.options import LedgerFlag
from interlock_cli.views.output import JsonFlag, show

LetterArgument = Annotated[str, typer.Argument(metavar="ID", help="The dead letter's id, dl-…, as the alert names it.")]
RawFlag = Annotated[bool, typer.Option("--raw", help="With its credentials, if it holds any, byte for byte.")]


def show_letter(
    dead_letter_id: LetterArgument, ledger: LedgerFlag, *, raw: RawFlag = False, as_json: JsonFlag = False
) -> None:
    """Show a dead letter. Example: interlock dead-letters show dl-0123456789abcdef01234567"""
    from interlock.bootstrap import open_ledger
    from interlock_cli.actions.dead_letters import find_letter
    from interlock_cli.views.dead_letter import as_document, as_lines

    kept = find_letter(open_ledger(ledger), dead_letter_id)
    show(as_document(kept, raw=raw), as_lines(kept, raw=raw), as_json=as_json)
