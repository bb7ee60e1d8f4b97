"""`interlock dead-letters list`: the messages that could not be handled and that nobody has resolved."""

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from interlock_cli.options import JsonFlag, LedgerFlag, LimitFlag
from interlock_cli.views.output import print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlock.domain.dead_letters.stored import StoredDeadLetter


GroupFlag = Annotated[bool, typer.Option("--group", help="One line for each cause instead of each message.")]
AllFlag = Annotated[bool, typer.Option("--all", help="Also those that somebody has replayed or discarded.")]


def list_dead_letters(
    ledger: LedgerFlag,
    *,
    group: GroupFlag = False,
    include_resolved: AllFlag = False,
    limit: LimitFlag = 200,
    as_json: JsonFlag = False,
) -> None:
    """List dead letters, the last seen first. Example: interlock dead-letters list --group"""
    from interlock.bootstrap import open_ledger
    from interlock_cli.actions.dead_letters import read_dead_letters

    found = list(islice(read_dead_letters(open_ledger(ledger), include_resolved=include_resolved), limit))
    (_print_groups if group else _print_each)(found, as_json=as_json)


def _print_each(found: "Sequence[StoredDeadLetter]", *, as_json: bool) -> None:
    from interlock_cli.views.dead_letter import dead_letter_document

    documents = [dead_letter_document(one) for one in found]
    keys = ("dead_letter_id", "reason", "release_id", "target_env", "service", "group")
    rows = [[document[key] for key in keys] + [_seen(one)] for document, one in zip(documents, found, strict=True)]
    headings = ("dead letter", "reason", "release", "env", "service", "group", "last seen")
    print_table(documents, headings, rows, as_json=as_json)


def _print_groups(found: "Sequence[StoredDeadLetter]", *, as_json: bool) -> None:
    counts = Counter(one.letter.fingerprint for one in found)
    newest = {one.letter.fingerprint: one for one in reversed(found)}
    rows = [
        (group, count, newest[group].letter.reason, _seen(newest[group]), _error(newest[group]))
        for group, count in counts.items()
    ]
    documents = [
        {"group": group, "count": count, "reason": reason, "last_seen_at": seen, "error": error}
        for group, count, reason, seen, error in rows
    ]
    print_table(documents, ("group", "count", "reason", "last seen", "error"), rows, as_json=as_json)


def _seen(stored: "StoredDeadLetter") -> str:
    return f"{stored.last_seen_at:%Y-%m-%d %H:%M:%S}"


def _error(stored: "StoredDeadLetter") -> str | None:
    return stored.letter.error
