"""The floor of a warm dispatch: the calls that one release takes, in their order, with requests that lie ready."""

import os
from functools import cache
from typing import Any

from bench.subjects.calls import calls, reading, running, telling, writing

_TEXT = "x" * 2600
"""As long as the record of a release is when it is started."""


@cache
def _ready() -> dict[str, Any]:
    return {
        "get": reading("releases/r", "lanes/l"),
        "claim": writing({"releases/r": _TEXT, "lanes/l": _TEXT}),
        "run": running({f"INTERLOCK_{number}": "x" * 20 for number in range(14)}),
        "write": writing({"releases/r": _TEXT}),
        "tell": telling(b"x" * 500, {f"attribute-{number}": "x" * 20 for number in range(11)}),
    }


def bare(_request: Any) -> tuple[str, int]:
    """Make as many calls as the environment says that a dispatch makes, and answer 204."""
    to, ready = calls(), _ready()
    for _ in range(int(os.environ["BENCH_GETS"])):
        to.get(ready["get"])
    to.commit(ready["claim"])
    to.run_job(ready["run"])
    to.commit(ready["write"])
    to.publish(ready["tell"])
    for _ in range(int(os.environ["BENCH_COMMITS"]) - 2):
        to.commit(ready["write"])
    return "", 204
