"""`interlock lanes list`: each target that a release holds or waits for."""

from typing import Annotated

import typer

from interlock_cli.options import JsonFlag, LedgerFlag
from interlock_cli.views.output import print_table

AllFlag = Annotated[bool, typer.Option("--all", help="Also lanes that nobody holds or waits for.")]


def list_lanes(ledger: LedgerFlag, *, include_idle: AllFlag = False, as_json: JsonFlag = False) -> None:
    """List the busy lanes. Example: interlock lanes list"""
    from interlock.bootstrap import open_ledger
    from interlock_cli.actions.lanes import read_lanes
    from interlock_cli.views.lane import lane_document

    lanes = read_lanes(open_ledger(ledger), include_idle=include_idle)
    rows = [
        (one.key, ", ".join(one.holders), len(one.queue), one.queue[0].release_id if one.queue else "") for one in lanes
    ]
    print_table(list(map(lane_document, lanes)), ("lane", "held by", "waiting", "next"), rows, as_json=as_json)
