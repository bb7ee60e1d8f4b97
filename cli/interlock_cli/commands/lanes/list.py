"""`interlock lanes list` and `lanes show`: who holds a target and who waits for it."""

from typing import Annotated

import typer

from interlock_cli.errors import CommandError
from interlock_cli.options import LedgerFlag
from interlock_cli.views.output import JsonFlag, show_table

AllFlag = Annotated[bool, typer.Option("--all", help="Also lanes that nobody holds or waits for.")]


def list_lanes(ledger: LedgerFlag, *, everything: AllFlag = False, as_json: JsonFlag = False) -> None:
    """List the busy lanes. Example: interlock lanes list"""
    from interlock.bootstrap import open_ledger
    from interlock_cli.actions.lanes import as_document, lanes

    found = lanes(open_ledger(ledger), idle=everything)
    rows = [
        (one.key, ", ".join(one.holders), len(one.queue), one.queue[0].release_id if one.queue else "") for one in found
    ]
    show_table([as_document(one) for one in found], ("lane", "held by", "waiting", "next"), rows, as_json=as_json)


def show_lane(
    lane: Annotated[str, typer.Argument(metavar="LANE", help="The lane's name, as staging/web.")],
    ledger: LedgerFlag,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Show who holds a lane, and who waits for it in which order. Example: interlock lanes show staging/web"""
    from interlock.bootstrap import open_ledger
    from interlock.domain.releases.lane import Lane
    from interlock.ledger.records import Key
    from interlock_cli.actions.lanes import as_document, members
    from interlock_cli.commands.releases.list import HEADINGS, row

    opened = open_ledger(ledger)
    found = opened.read(Key("lanes", lane))
    if not isinstance(found, Lane):
        raise CommandError(f"no lane {lane}", "run: interlock lanes list --all")
    rows = [(place, *row(release)) for place, release in members(opened, found) if release]
    show_table(as_document(found), ("place", *HEADINGS), rows, as_json=as_json)
