"""The agents' results as far as a status event shows them; what is broken is left out, never believed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from interlock.domain.json_access import json_size, whole_number
from interlock.domain.redaction import redact_text
from interlock.domain.releases.model import ItemGroup, Result

_MOST_OUTPUTS = 50
_MOST_LINES = 20
_MOST_ITEMS = 10_000
_MOST_NAMES = 50
_LONGEST = 1000
_LONGEST_NAME = 200

# In bytes of JSON, for all together: the record holds them up to three times, beside the request and its message.
_OUTPUT_BYTES, _LINE_BYTES, _NAME_BYTES = 32 * 1024, 16 * 1024, 4 * 1024

_GROUPS = {"succeeded": ("done_before", "succeeded"), "failed": ("failed",), "not_started": ("not_started",)}
"""Each group of the release's items, and the groups of a task's that make it up: done in an earlier try is done."""

AgentResult = Mapping[str, Any]
T = TypeVar("T")


def with_agent_results(result: Result, tasks: Sequence[AgentResult]) -> Result:
    """Return the result with what the tasks left, given by their index; the platform's verdict stays as it is.

    Exit code and last error lines are of the first task that did not succeed, outputs and items of them all; of two
    tasks with the same output the first one counts.
    """
    if not tasks:
        return result
    shown = next((one for one in tasks if one.get("outcome") != "success"), tasks[0])
    exit_code = whole_number(shown.get("exit_code"))
    return replace(
        result,
        exit_code=result.exit_code if exit_code is None else exit_code,
        outputs=_outputs(tasks),
        error_lines=_lines(shown.get("error_lines")),
        items=_items(tasks),
    )


def _outputs(tasks: Sequence[AgentResult]) -> Mapping[str, str]:
    merged: dict[str, str] = {}
    for task in tasks:
        for key, value in _texts(task.get("outputs")):
            merged.setdefault(key[:_LONGEST], redact_text(value)[:_LONGEST])
    return dict(list(_fitting(merged.items(), _OUTPUT_BYTES))[:_MOST_OUTPUTS])


def _texts(found: Any) -> Iterator[tuple[str, str]]:
    pairs = found.items() if isinstance(found, dict) else ()
    return ((key, value) for key, value in pairs if isinstance(key, str) and isinstance(value, str))


def _lines(found: Any) -> tuple[str, ...]:
    last_first = [redact_text(line)[:_LONGEST] for line in reversed(_strings(found)[-_MOST_LINES:])]
    return tuple(_fitting(last_first, _LINE_BYTES))[::-1]


def _items(tasks: Sequence[AgentResult]) -> Mapping[str, ItemGroup]:
    shares = [found for one in tasks if isinstance(found := one.get("items"), dict)]
    if not shares:
        return {}
    return {group: _group([share.get(part) for share in shares for part in parts]) for group, parts in _GROUPS.items()}


def _group(parts: Sequence[Any]) -> ItemGroup:
    groups = [part for part in parts if isinstance(part, dict)]
    names = [redact_text(name)[:_LONGEST_NAME] for part in groups for name in _strings(part.get("names"))]
    count = sum(max(0, whole_number(part.get("count")) or 0) for part in groups)
    return ItemGroup(min(count, _MOST_ITEMS), tuple(_fitting(names[:_MOST_NAMES], _NAME_BYTES)))


def _fitting(values: Iterable[T], most_bytes: int) -> Iterator[T]:
    """Yield the first values that fit together into so many bytes of JSON."""
    size = 0
    for value in values:
        size += json_size(value)
        if size > most_bytes:
            return
        yield value


def _strings(found: Any) -> list[str]:
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []
