"""`interlock routes check`: judge routes before Terraform gives them to the functions."""

from typing import Annotated

import typer

from interlock_cli.errors import ExitCode
from interlock_cli.views.output import JsonFlag, show

RoutesArgument = Annotated[str, typer.Argument(metavar="FILE", help="The routes document.")]


def check(file: RoutesArgument, *, as_json: JsonFlag = False) -> int:
    """Check routes: schema, unreachable routes, overlaps, lanes that collide; exit 2 for a fault.

    Example: interlock routes check routes.json
    """
    from interlock_cli.documents.route_faults import findings
    from interlock_cli.documents.route_files import read_routes

    routes = read_routes(file)
    found = findings(routes)
    documents = [
        {"kind": one.kind, "route": one.route, "fault": one.is_fault, "explanation": one.told} for one in found
    ]
    lines = [f"{'fault' if one.is_fault else 'note '}  {one.route}: {one.kind}: {one.told}" for one in found]
    document = {"file": file, "routes": [route.name for route in routes], "findings": documents}
    faults = sum(one.is_fault for one in found)
    show(document, [*lines, f"{file}: {len(routes)} routes, {faults} faults"], as_json=as_json)
    return ExitCode.REJECTED if faults else ExitCode.SUCCESS
