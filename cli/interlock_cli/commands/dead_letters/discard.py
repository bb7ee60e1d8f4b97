"""`interlock dead-letters discard`: resolve a dead letter without a replay, with who and why."""

from typing import Annotated

import typer

from interlock_cli.errors import CommandError, ExitCode
from interlock_cli.options import ByFlag, DeadLetterArgument, JsonFlag, LedgerFlag, requester
from interlock_cli.views.output import print_result

ReasonFlag = Annotated[str, typer.Option("--reason", help="Why nobody needs it any more; kept with it.")]


def discard(
    dead_letter_id: DeadLetterArgument,
    ledger: LedgerFlag,
    reason: ReasonFlag,
    *,
    by: ByFlag = "",
    as_json: JsonFlag = False,
) -> None:
    """Discard a dead letter; it stays readable. Example: interlock dead-letters discard dl-… --reason "sent twice" """
    from interlock.bootstrap import open_ledger, utc_now
    from interlock.domain.dead_letters.stored import Resolution
    from interlock_cli.actions.dead_letters import find_dead_letter, record_resolution
    from interlock_cli.views.dead_letter import dead_letter_document

    opened = open_ledger(ledger)
    find_dead_letter(opened, dead_letter_id)
    resolution = Resolution(action="discarded", by=requester(by), at=utc_now(), reason=reason)
    stored = record_resolution(opened, dead_letter_id, resolution)
    if stored.settlement != resolution:
        assert stored.settlement
        what = f"{dead_letter_id} was {stored.settlement.action} by {stored.settlement.by} already"
        raise CommandError(what, f"run: interlock dead-letters show {dead_letter_id}", code=ExitCode.FAILURE)
    print_result(dead_letter_document(stored), [f"{dead_letter_id} discarded"], as_json=as_json)
