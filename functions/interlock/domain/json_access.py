"""Reads JSON that others shaped: every look-up answers None where the shape is not the expected one.

Envelopes, log entries and events are written by the platform, so nothing here may raise on them.
"""

import json
import re
from collections.abc import Mapping
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
