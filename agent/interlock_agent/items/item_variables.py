"""Decides which variables the script gets about one item; the item's file holds all of it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from interlock_agent.items.manifest import Item

_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_LONGEST_VALUE = 32 * 1024


def item_variables(item: Item, path: Path) -> dict[str, str]:
    """Return `RELEASE_ITEM_<KEY>` of each plain value, and the item's index, name and file, which no key replaces."""
    values = item.value if isinstance(item.value, dict) else {"value": item.value}
    own = {"INDEX": str(item.index), "ID": item.name, "FILE": str(path)}
    return {f"RELEASE_ITEM_{key}": text for key, text in {**dict(_plain_values(values)), **own}.items()}


def _plain_values(values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if _KEY.fullmatch(key) and isinstance(value, str | int | float):
            text = value if isinstance(value, str) else json.dumps(value)
            if _is_valid_variable(text):
                yield key.upper(), text


def _is_valid_variable(text: str) -> bool:
    """Whether a process can be given the text: no NUL, no surrogate, and not too long."""
    has_surrogates = any("\ud800" <= character <= "\udfff" for character in text)
    return "\0" not in text and len(text) <= _LONGEST_VALUE and not has_surrogates
