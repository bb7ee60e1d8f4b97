"""`interlock dead-letters show`: one dead letter in full: why, what to do about it, its history, its message."""

from typing import Annotated

import typer

from interlock_cli.options import DeadLetterArgument, JsonFlag, LedgerFlag
from interlock_cli.views.output import print_result

RawFlag = Annotated[bool, typer.Option("--raw", help="With its credentials, if it holds any, byte for byte.")]


def show_dead_letter(
    dead_letter_id: DeadLetterArgument, ledger: LedgerFlag, *, raw: RawFlag = False, as_json: JsonFlag = False
) -> None:
    """Show a dead letter. Example: interlock dead-letters show dl-0123456789abcdef01234567"""
    from interlock.bootstrap import open_ledger
    from interlock_cli.actions.dead_letters import find_dead_letter
    from interlock_cli.views.dead_letter import dead_letter_document, dead_letter_lines

    stored = find_dead_letter(open_ledger(ledger), dead_letter_id)
    print_result(dead_letter_document(stored, raw=raw), dead_letter_lines(stored, raw=raw), as_json=as_json)
