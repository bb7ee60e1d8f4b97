"""What is wrong with routes that the schema cannot see: routes nothing reaches, overlaps, lanes that collide.

It matches one request for each combination of the values that the routes name, and of a value that none of them names.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice, product
from typing import Literal

from interlock.domain.requests.request import ReleaseRequest
from interlock.domain.requests.routes import ANYTHING, Route, capacity, lane_key, match_route

OTHER = "any-other"
MOST_TRIED = 20_000
_KEYS = ("target_env", "service", "deployment_type", "task")


@dataclass(frozen=True, slots=True)
class RouteFinding:
    """One thing that was found: a fault, or an overlap, which is only worth knowing."""

    kind: Literal["unreachable", "lane_collision", "overlap"]
    route: str
    explanation: str

    @property
    def is_fault(self) -> bool:
        """Whether it must be mended."""
        return self.kind != "overlap"


def route_findings(routes: Sequence[Route]) -> list[RouteFinding]:
    """Return all findings, faults first."""
    tried = list(islice(_requests(routes), MOST_TRIED))
    found = (*_unreachable(routes, tried), *_collisions(routes, tried), *_overlaps(routes, tried))
    return sorted(found, key=lambda one: not one.is_fault)


def _requests(routes: Sequence[Route]) -> Iterator[ReleaseRequest]:
    envs, services, types, tasks = ([*_named(routes, key), OTHER] for key in _KEYS)
    for env, service, kind in product(envs, services, types):
        yield ReleaseRequest(
            kind="release", document={}, params={}, target_env=env, service=service, deployment_type=kind
        )
    for place, service, task in product((*envs, None), services, tasks):
        yield ReleaseRequest(kind="maintenance", document={}, params={}, target_env=place, service=service, task=task)


def _named(routes: Sequence[Route], key: str) -> list[str]:
    return sorted({value for route in routes for value in route.match.get(key, ()) if value != ANYTHING})


def _takes(route: Route, request: ReleaseRequest) -> bool:
    return match_route((route,), request) is not None


def _unreachable(routes: Sequence[Route], tried: Sequence[ReleaseRequest]) -> Iterator[RouteFinding]:
    first = [match_route(tuple(routes), request) for request in tried]
    reached = {route.name for route in first if route}
    for index, route in enumerate(routes):
        own = [request for request in tried if _takes(route, request)]
        if route.name not in reached and own:
            before = [one.name for one in routes[:index] if any(_takes(one, request) for request in own)]
            yield RouteFinding("unreachable", route.name, f"all it matches is taken before by {', '.join(before)}")


def _collisions(routes: Sequence[Route], tried: Sequence[ReleaseRequest]) -> Iterator[RouteFinding]:
    """Routes that share a lane must agree on how it is used: each release judges the lane by its own route."""
    users: dict[str, dict[str, Route]] = defaultdict(dict)
    for request in tried:
        if route := match_route(tuple(routes), request):
            users[lane_key(route, request)][route.name] = route
    reported: set[tuple[str, ...]] = set()
    for lane, sharing in users.items():
        terms = {(one.lane_mode, capacity(one), one.max_queue) for one in sharing.values()}
        names = tuple(sorted(sharing))
        if len(terms) > 1 and names not in reported:
            reported.add(names)
            yield RouteFinding(
                "lane_collision", names[0], f"lane {lane} is used on other terms by {', '.join(names[1:])}"
            )


def _overlaps(routes: Sequence[Route], tried: Sequence[ReleaseRequest]) -> Iterator[RouteFinding]:
    taken = {route.name: {index for index, one in enumerate(tried) if _takes(route, one)} for route in routes}
    for first, second in combinations(routes, 2):
        both = taken[first.name] & taken[second.name]
        if both and first.job != second.job and taken[second.name] - taken[first.name]:
            explanation = f"{second.name} also matches some of what this one takes; the order decides"
            yield RouteFinding("overlap", first.name, explanation)
