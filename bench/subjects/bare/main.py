"""The floor of a warm event: the calls that a function makes for one, in their order, with requests that lie ready."""

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

from bench.subjects.calls import asking, calls, reading, running, telling, writing

CALLS: Mapping[str, tuple[str, ...]] = {
    "dispatch_release": ("get", "claim", "run", "write", "tell", "write"),
    "report_status": ("get", "get", "claim", "tell", "write"),
    "alert_dead_letter": ("get", "claim", "get", "write", "tell", "write"),
    "reconcile_releases": ("query",),
}
_TEXT = "x" * 2600
"""As long as the record of a release is when it is started."""


@cache
def _ready() -> Mapping[str, Callable[[], None]]:
    to = calls()
    return {
        "get": partial(to.get, reading("releases/r", "lanes/l")),
        "claim": partial(to.commit, writing({"releases/r": _TEXT, "lanes/l": _TEXT})),
        "run": partial(to.run_job, running({f"INTERLOCK_{number}": "x" * 20 for number in range(14)})),
        "write": partial(to.commit, writing({"releases/r": _TEXT})),
        "tell": partial(to.publish, telling(b"x" * 500, {f"attribute-{number}": "x" * 20 for number in range(11)})),
        "query": partial(to.query, asking()),
    }


def bare(request: Any) -> tuple[str, int]:
    """Make the calls of the function that the request names, or of a dispatch, and answer 204."""
    for call in CALLS[request.headers.get("like", "dispatch_release")]:
        _ready()[call]()
    return "", 204
