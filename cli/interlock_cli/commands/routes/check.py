"""`interlock routes check`: validate routes before Terraform gives them to the functions."""

from interlock_cli.errors import ExitCode
from interlock_cli.options import JsonFlag, RoutesArgument
from interlock_cli.views.output import print_result


def check(file: RoutesArgument, *, as_json: JsonFlag = False) -> int:
    """Check routes: schema, unreachable routes, overlaps, lanes that collide; exit 2 for a fault.

    Example: interlock routes check routes.json
    """
    from interlock_cli.documents.route_files import read_routes
    from interlock_cli.documents.route_findings import route_findings

    routes = read_routes(file)
    findings = route_findings(routes)
    documents = [
        {"kind": one.kind, "route": one.route, "fault": one.is_fault, "explanation": one.explanation}
        for one in findings
    ]
    lines = [f"{'fault' if one.is_fault else 'note '}  {one.route}: {one.kind}: {one.explanation}" for one in findings]
    document = {"file": file, "routes": [route.name for route in routes], "findings": documents}
    faults = sum(one.is_fault for one in findings)
    print_result(document, [*lines, f"{file}: {len(routes)} routes, {faults} faults"], as_json=as_json)
    return ExitCode.REJECTED if faults else ExitCode.SUCCESS
