"""`interlock lanes show`: who holds one lane, and who waits for it in which order."""

from typing import Annotated

import typer

from interlock_cli.errors import CommandError
from interlock_cli.options import JsonFlag, LedgerFlag
from interlock_cli.views.output import print_table

LaneArgument = Annotated[str, typer.Argument(metavar="LANE", help="The lane's name, as staging/web.")]


def show_lane(lane: LaneArgument, ledger: LedgerFlag, *, as_json: JsonFlag = False) -> None:
    """Show who holds a lane, and who waits for it in which order. Example: interlock lanes show staging/web"""
    from interlock.bootstrap import open_ledger, utc_now
    from interlock_cli.actions.lanes import read_lane, releases_in_lane
    from interlock_cli.views.lane import lane_document
    from interlock_cli.views.release_table import HEADINGS, release_row

    opened, now = open_ledger(ledger), utc_now()
    found = read_lane(opened, lane)
    if found is None:
        raise CommandError(f"no lane {lane}", "run: interlock lanes list --all")
    rows = [(place, *release_row(release, now)) for place, release in releases_in_lane(opened, found) if release]
    print_table(lane_document(found), ("place", *HEADINGS), rows, as_json=as_json)
