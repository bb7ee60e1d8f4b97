"""`interlock routes explain`: which route a request takes, why none before it, and what it would get."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from interlock_cli.documents.request_files import read_request
from interlock_cli.errors import CommandError, ExitCode
from interlock_cli.options import JsonFlag, RoutesArgument
from interlock_cli.views.output import print_result, print_status

if TYPE_CHECKING:
    from interlock.domain.requests.request import ReleaseRequest
    from interlock.domain.requests.routes import Route

MessageArgument = Annotated[str, typer.Argument(metavar="MESSAGE", help="The request file; - reads standard input.")]


def explain(file: RoutesArgument, message: MessageArgument, *, as_json: JsonFlag = False) -> int:
    """Explain which route a request takes: exit 2 if none does, or if the route's policy would reject it.

    Example: interlock routes explain routes.json release.json
    """
    from interlock.domain.requests.request import ReleaseRequest, parse_request
    from interlock.domain.requests.routes import match_route
    from interlock_cli.documents.route_files import read_routes

    routes, request_file = read_routes(file), read_request(message)
    if not request_file.is_valid:
        for line in request_file.violation_lines():
            print_status(line)
        return ExitCode.REJECTED
    request = parse_request(request_file.document)
    if not isinstance(request, ReleaseRequest):
        raise CommandError(f"{message} is a cancel or resume, which takes no route", "name a release request")
    taken = match_route(routes, request)
    passed = routes[: routes.index(taken)] if taken else routes
    terms = _terms(taken, request) if taken else None
    document = {"passed": [_passed(route, request) for route in passed], "route": terms}
    print_result(document, _lines(document), as_json=as_json)
    return ExitCode.SUCCESS if terms and not terms["violations"] else ExitCode.REJECTED


def _passed(route: "Route", request: "ReleaseRequest") -> dict[str, Any]:
    """Return each key by which the route does not match: what it wants and what the request has."""
    wanted = {key: values for key, values in route.match.items() if "*" not in values}
    missed = {key: values for key, values in wanted.items() if getattr(request, key) not in values}
    because = [{"key": key, "wants": list(values), "has": getattr(request, key)} for key, values in missed.items()]
    return {"route": route.name, "because": because}


def _terms(route: "Route", request: "ReleaseRequest") -> dict[str, Any]:
    from interlock.domain.requests.routes import capacity, lane_key, with_defaults
    from interlock.domain.requests.source_policy import policy_violations

    full = with_defaults(route, request)
    return {
        "route": route.name,
        "job": route.job,
        "lane": lane_key(route, full),
        "lane_mode": route.lane_mode.value,
        "capacity": capacity(route),
        "rerun": route.rerun.value,
        "timeout_seconds": full.timeout_seconds or route.timeout_seconds,
        "target_env": full.target_env,
        "request": {**full.document, "service": full.service},
        "violations": [one.as_dict() for one in policy_violations(route, full)],
    }


def _lines(document: dict[str, Any]) -> list[str]:
    route = document["route"]
    passed = [f"passed  {one['route']}: {'; '.join(map(_mismatch, one['because']))}" for one in document["passed"]]
    if route is None:
        return [*passed, "no route takes it"]
    keys = ("job", "lane", "lane_mode", "capacity", "rerun", "timeout_seconds")
    terms = [f"  {key:<17} {route[key]}" for key in keys if route[key] is not None]
    request = [f"  {key:<17} {value}" for key, value in route["request"].items()]
    rejected = [
        f"  rejected: {one['rule']} @ {one['pointer']}: expected {one['expected']}" for one in route["violations"]
    ]
    return [*passed, f"takes   {route['route']}", *terms, "  — with the route's defaults —", *request, *rejected]


def _mismatch(missed: Any) -> str:
    return f"wants {missed['key']} {' or '.join(missed['wants'])}, has {missed['has'] or 'none'}"
