"""`interlock dead-letters discard`: put a dead letter away for good, with who and why."""

from typing import Annotated

import typer

from interlock_cli.commands.dead_letters.show import LetterArgument
from interlock_cli.errors import CommandError, ExitCode
from interlock_cli.options import ByFlag, LedgerFlag, who
from interlock_cli.views.output import JsonFlag, show

WhyFlag = Annotated[str, typer.Option("--reason", help="Why nobody needs it any more; kept with it.")]


def discard(
    dead_letter_id: LetterArgument, ledger: LedgerFlag, reason: WhyFlag, *, by: ByFlag = "", as_json: JsonFlag = False
) -> None:
    """Discard a dead letter; it stays readable. Example: interlock dead-letters discard dl-… --reason "sent twice" """
    from interlock.bootstrap import open_ledger, utc_now
    from interlock.domain.dead_letters.stored import Resolution
    from interlock_cli.actions.dead_letters import find_letter, settle
    from interlock_cli.views.dead_letter import as_document

    opened = open_ledger(ledger)
    find_letter(opened, dead_letter_id)
    wanted = Resolution(action="discarded", by=who(by), at=utc_now(), reason=reason)
    kept = settle(opened, dead_letter_id, wanted)
    if kept.settlement != wanted:
        assert kept.settlement
        what = f"{dead_letter_id} was {kept.settlement.action} by {kept.settlement.by} already"
        raise CommandError(what, f"run: interlock dead-letters show {dead_letter_id}", code=ExitCode.FAILURE)
    show(as_document(kept), [f"{dead_letter_id} discarded"], as_json=as_json)
