"""Reads JSON that others shaped: every look-up answers None where the shape is not the expected one.

Envelopes, log entries and events are written by the platform, so nothing here may raise on them.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

_DIGITS = re.compile(r"[0-9]{1,15}\Z")
_LARGEST = 2**53


def read_object(data: bytes | str) -> Mapping[str, object] | None:
    """The JSON object in these bytes; None for anything else, however broken, deep or long its numbers."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def map_at(value: object, *path: str) -> Mapping[str, object]:
    """The object found along the path; an empty one where there is none, so that look-ups can be chained."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def list_at(value: object, *path: str) -> tuple[Mapping[str, object], ...]:
    """The objects of the list found along the path; whatever else the list holds is left out."""
    parent = map_at(value, *path[:-1])
    items = parent.get(path[-1])
    return tuple(item for item in items if isinstance(item, Mapping)) if isinstance(items, list) else ()


def text_at(value: Mapping[str, object], *keys: str) -> str | None:
    """The first of these keys that holds a text; an empty text counts as absent."""
    texts = (value.get(key) for key in keys)
    return next((text for text in texts if isinstance(text, str) and text), None)


def texts_at(value: object, paths: Mapping[str, tuple[str, ...]]) -> Mapping[str, str]:
    """The texts at these paths, by their names; whatever else stands there, or an empty text, is left out."""
    found = {name: map_at(value, *path[:-1]).get(path[-1]) for name, path in paths.items()}
    return {name: text for name, text in found.items() if isinstance(text, str) and text}


def numbers_at(value: object, paths: Mapping[str, tuple[str, ...]], *, absent: int) -> Mapping[str, int] | None:
    """The whole numbers at these paths, by their names; None where one of them is anything else."""
    found = {name: whole_number(map_at(value, *path[:-1]).get(path[-1], absent)) for name, path in paths.items()}
    numbers = {name: number for name, number in found.items() if number is not None}
    return numbers if len(numbers) == len(found) else None


def pairs_at(items: Iterable[Mapping[str, object]], key: str) -> Mapping[str, str]:
    """The texts of all `{name, value}` objects in the items' lists under the key; the first of a name counts."""
    pairs = [(text_at(one, "name"), text_at(one, "value")) for item in items for one in list_at(item, key)]
    return {name: value for name, value in reversed(pairs) if name is not None and value is not None}


def whole_number(value: object) -> int | None:
    """A count, which the platform writes as `1`, `1.0` or `"1"`; None for what is not a whole number >= 0."""
    if isinstance(value, str) and _DIGITS.match(value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value <= _LARGEST and value == int(value) else None


def json_size(value: object) -> int:
    """Return how many bytes the value takes as JSON in UTF-8, escapes included."""
    return len(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def read_timestamp(value: object) -> datetime | None:
    """An RFC 3339 time as UTC, be it written with `Z` or an offset; a time without zone is None."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return None if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
