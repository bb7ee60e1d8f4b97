"""`interlock lanes list` and `lanes show`: who holds a target and who waits for it."""

from typing import Annotated

import typer

from cli.errors import CommandError
from cli.options import LedgerFlag
from cli.output import JsonFlag, show_table

AllFlag = Annotated[bool, typer.Option("--all", help="Also lanes that nobody holds or waits for.")]


def list_lanes(ledger: LedgerFlag, *, everything: AllFlag = False, as_json: JsonFlag = False) -> None:
    """List the busy lanes. Example: interlock lanes list"""
    from cli.lanes import as_document, lanes
    from interlock.wiring import open_ledger

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
    from cli.lanes import as_document, members
    from cli.releases_list import HEADINGS, row
    from interlock.domain.lane import Lane
    from interlock.domain.transaction import Key
    from interlock.wiring import open_ledger

    opened = open_ledger(ledger)
    found = opened.read(Key("lanes", lane))
    if not isinstance(found, Lane):
        raise CommandError(f"no lane {lane}", "run: interlock lanes list --all")
    rows = [(place, *row(release)) for place, release in members(opened, found) if release]
    show_table(as_document(found), ("place", *HEADINGS), rows, as_json=as_json)
