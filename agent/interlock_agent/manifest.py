"""Reads a manifest, deals its items out to the tasks, and says what the script is told about one."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interlock_agent.exit_codes import ExitCode, Refused

_MOST_ITEMS = 10_000
_MOST_BYTES = 8 * 1024 * 1024
_LONGEST_ID, _LONGEST_VALUE = 200, 32 * 1024
_KEYS, _WAYS = {"items", "on_failure"}, ["stop", "continue"]
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of work: its place in the manifest, its own name or that place, and what it says."""

    index: int
    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class Manifest:
    """All items of the release; `goes_on` lets a task go on with its next item after one that failed."""

    items: tuple[Item, ...]
    goes_on: bool

    def share(self, task_index: int, task_count: int) -> Sequence[Item]:
        """Return the items of one task: every n-th, so that long neighbours fall to different tasks."""
        return self.items[task_index::task_count]


def read_manifest(path: Path) -> Manifest:
    """Return the manifest `{"items": [...], "on_failure": "stop" | "continue"}`, or refuse it."""
    if path.stat().st_size > _MOST_BYTES:
        raise _wrong(f"is larger than {_MOST_BYTES} bytes")
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as problem:
        raise _wrong("is no JSON") from problem
    if not isinstance(found, dict) or not isinstance(found.get("items"), list) or found.keys() - _KEYS:
        raise _wrong('must be {"items": [...]}, with "on_failure" at most beside it')
    if found.get("on_failure", "stop") not in _WAYS:
        raise _wrong('has an "on_failure" that is neither "stop" nor "continue"')
    return Manifest(_items(found["items"]), found.get("on_failure") == "continue")


def item_variables(item: Item, path: Path) -> dict[str, str]:
    """Return what the script is told: `RELEASE_ITEM_<KEY>` of each plain value, the item's place, name and file."""
    plain = item.value if isinstance(item.value, dict) else {"value": item.value}
    own = {"INDEX": str(item.index), "ID": item.name, "FILE": str(path)}
    return {f"RELEASE_ITEM_{key}": text for key, text in {**dict(_plain(plain)), **own}.items()}


def _plain(values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if _KEY.fullmatch(key) and isinstance(value, str | int | float):
            text = value if isinstance(value, str) else json.dumps(value)
            if _can_be_variable(text):
                yield key.upper(), text


def _can_be_variable(text: str) -> bool:
    """Whether a process may be given it; what may not is in the item's file all the same."""
    has_halves = any("\ud800" <= character <= "\udfff" for character in text)
    return "\0" not in text and len(text) <= _LONGEST_VALUE and not has_halves


def _items(found: list[Any]) -> tuple[Item, ...]:
    if len(found) > _MOST_ITEMS:
        raise _wrong(f"has {len(found)} items, more than {_MOST_ITEMS}")
    items = tuple(Item(index, _name(value, index), value) for index, value in enumerate(found))
    if len({item.name for item in items}) != len(items):
        raise _wrong("names two items alike")
    return items


def _name(value: Any, index: int) -> str:
    name = value.get("id", str(index)) if isinstance(value, dict) else str(index)
    if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= _LONGEST_ID:
        raise _wrong(f"has an item ({index}) whose id is no printable string of 1 to {_LONGEST_ID} characters")
    return name


def _wrong(what: str) -> Refused:
    return Refused(ExitCode.BAD_MANIFEST, f"the manifest {what}")
