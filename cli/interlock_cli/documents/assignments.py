"""`--set KEY=TEXT` and `--set KEY:=JSON`: what a pipeline changes in a request file."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from interlock_cli.errors import CommandError, ExitCode

_FORM = re.compile(r"(?P<path>[A-Za-z_][\w.]*?)(?P<kind>:?=)(?P<value>.*)\Z", re.DOTALL)


def with_assignments(document: Mapping[str, Any], assignments: Iterable[str]) -> dict[str, Any]:
    """Return the document with each assignment made, in order; `params.NAME` reaches inside."""
    changed = json.loads(json.dumps(document))
    for assignment in assignments:
        path, value = _parse(assignment)
        *outer, last = path.split(".")
        holder = changed
        for key in outer:
            holder = holder.setdefault(key, {})
            if not isinstance(holder, dict):
                raise _usage_error(assignment, f"{key} is no object")
        holder[last] = value
    return dict(changed)


def _parse(assignment: str) -> tuple[str, Any]:
    match = _FORM.match(assignment)
    if not match:
        raise _usage_error(assignment, "it has no key")
    if match["kind"] == "=":
        return match["path"], match["value"]
    try:
        return match["path"], json.loads(match["value"])
    except ValueError as error:
        raise _usage_error(assignment, f"its value is not JSON ({error})") from error


def _usage_error(assignment: str, why: str) -> CommandError:
    key = assignment.partition("=")[0][:40]
    return CommandError(f"--set {key}…: {why}", "write --set KEY=TEXT, or --set KEY:=JSON", code=ExitCode.USAGE)
