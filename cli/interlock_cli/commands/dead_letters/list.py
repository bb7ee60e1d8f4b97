"""`interlock dead-letters list`: what could not be handled and waits for somebody."""

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from interlock_cli.options import LedgerFlag, LimitFlag
from interlock_cli.views.output import JsonFlag, show_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlock.domain.dead_letters.stored import StoredDeadLetter


GroupFlag = Annotated[bool, typer.Option("--group", help="One line for each cause instead of each message.")]
AllFlag = Annotated[bool, typer.Option("--all", help="Also those that somebody has replayed or discarded.")]


def list_letters(
    ledger: LedgerFlag,
    *,
    group: GroupFlag = False,
    everything: AllFlag = False,
    limit: LimitFlag = 200,
    as_json: JsonFlag = False,
) -> None:
    """List dead letters, the last seen first. Example: interlock dead-letters list --group"""
    from interlock.bootstrap import open_ledger
    from interlock_cli.actions.dead_letters import letters

    found = list(islice(letters(open_ledger(ledger), settled=everything), limit))
    (_show_groups if group else _show_each)(found, as_json=as_json)


def _show_each(found: "Sequence[StoredDeadLetter]", *, as_json: bool) -> None:
    from interlock_cli.views.dead_letter import as_document

    documents = [as_document(kept) for kept in found]
    keys = ("dead_letter_id", "reason", "release_id", "target_env", "service", "group")
    rows = [[one[key] for key in keys] + [_seen(kept)] for one, kept in zip(documents, found, strict=True)]
    headings = ("dead letter", "reason", "release", "env", "service", "group", "last seen")
    show_table(documents, headings, rows, as_json=as_json)


def _show_groups(found: "Sequence[StoredDeadLetter]", *, as_json: bool) -> None:
    counts = Counter(kept.letter.fingerprint for kept in found)
    newest = {kept.letter.fingerprint: kept for kept in reversed(found)}
    rows = [
        (mark, n, newest[mark].letter.reason, _seen(newest[mark]), _error(newest[mark])) for mark, n in counts.items()
    ]
    documents = [
        {"group": mark, "count": n, "reason": reason, "last_seen_at": seen, "error": error}
        for mark, n, reason, seen, error in rows
    ]
    show_table(documents, ("group", "count", "reason", "last seen", "error"), rows, as_json=as_json)


def _seen(kept: "StoredDeadLetter") -> str:
    return f"{kept.last_seen_at:%Y-%m-%d %H:%M:%S}"


def _error(kept: "StoredDeadLetter") -> str | None:
    return kept.letter.error
