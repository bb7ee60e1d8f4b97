"""Which job a request goes to, and which lane it queues in: an ordered list of routes, first match wins."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from interlock.domain.requests.request import ReleaseRequest, with_absent, with_whole_numbers

ANYTHING = "*"
DEFAULT_LANE = "{target_env}/{service}"
_PLACEHOLDER = re.compile(r"\{(target_env|service|deployment_type|task)\}")
_ABSENT = "~"
"""Stands for a value nobody gave; no escaped value can look like it, as `~` itself is escaped."""


class LaneMode(StrEnum):
    """What happens to a request whose lane is busy."""

    FIFO = "fifo"
    NEWEST = "newest"
    REJECT = "reject"
    PARALLEL = "parallel"


class Rerun(StrEnum):
    """Whether a closed release may run again under the same id."""

    FAILED_ONLY = "failed_only"
    NEVER = "never"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One rule: which requests it takes, the job that runs them, and the terms they run on."""

    name: str
    job: str
    match: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lane: str = DEFAULT_LANE
    lane_mode: LaneMode = LaneMode.FIFO
    max_parallel: int | None = None
    require_digest: bool = False
    allowed_sources: tuple[str, ...] = ("gs://",)
    defaults: Mapping[str, object] = field(default_factory=dict)
    rerun: Rerun = Rerun.FAILED_ONLY
    timeout_seconds: int | None = None
    max_queue: int = 100


def parse_routes(document: Mapping[str, Any]) -> tuple[Route, ...]:
    """Return the routes of a document that the routes' schema found valid, in their order."""
    return tuple(_route(entry) for entry in document["routes"])


def match_route(routes: tuple[Route, ...], request: ReleaseRequest) -> Route | None:
    """Return the first route that takes the request, or None."""
    return next((route for route in routes if _takes(route, request)), None)


def with_defaults(route: Route, request: ReleaseRequest) -> ReleaseRequest:
    """Return the request with the route's defaults for what it does not give itself; in its document, too."""
    return with_absent(request, route.defaults) if route.defaults else request


def lane_key(route: Route, request: ReleaseRequest) -> str:
    """Return the lane's name. Values are escaped, so that two targets share one only by being equal."""
    return _PLACEHOLDER.sub(lambda placeholder: _escaped(getattr(request, placeholder[1])), route.lane)


def capacity(route: Route) -> int:
    """Return how many releases may run in the lane at once."""
    return (route.max_parallel or 1) if route.lane_mode is LaneMode.PARALLEL else 1


def matched_keys(route: Route, request: ReleaseRequest) -> tuple[str, ...]:
    """Return why the route took the request, as `key=value`; nothing where it takes everything."""
    named = (key for key, wanted in route.match.items() if ANYTHING not in wanted)
    return tuple(f"{key}={getattr(request, key)}" for key in named)


def _route(entry: Mapping[str, Any]) -> Route:
    fields = {
        **entry,
        "defaults": with_whole_numbers(entry.get("defaults", {})),
        "match": {key: _alternatives(value) for key, value in entry.get("match", {}).items()},
        "lane_mode": LaneMode(entry.get("lane_mode", LaneMode.FIFO)),
        "rerun": Rerun(entry.get("rerun", Rerun.FAILED_ONLY)),
    }
    if "allowed_sources" in entry:
        fields["allowed_sources"] = tuple(entry["allowed_sources"])
    for count in {"max_parallel", "timeout_seconds", "max_queue"} & entry.keys():
        fields[count] = int(entry[count])
    return Route(**fields)


def _alternatives(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _takes(route: Route, request: ReleaseRequest) -> bool:
    return all(ANYTHING in wanted or getattr(request, key) in wanted for key, wanted in route.match.items())


def _escaped(value: str | None) -> str:
    return _ABSENT if value is None else quote(value, safe="").replace("~", "%7E")
