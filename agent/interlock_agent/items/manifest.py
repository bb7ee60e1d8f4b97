"""Reads a manifest, and decides which of its items each task takes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interlock_agent.errors import Refused
from interlock_agent.exit_codes import ExitCode

_MOST_ITEMS = 10_000
_MOST_BYTES = 8 * 1024 * 1024
_LONGEST_ID = 200
_KEYS, _ON_FAILURE = {"items", "on_failure"}, ["stop", "continue"]


@dataclass(frozen=True, slots=True)
class Item:
    """One item: its index in the manifest, its own id or that index as its name, and its JSON value."""

    index: int
    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class Manifest:
    """All items of the release; `continues_on_failure` lets a task run its next item after one that failed."""

    items: tuple[Item, ...]
    continues_on_failure: bool

    def items_of(self, task_index: int, task_count: int) -> Sequence[Item]:
        """Return the items of one task: every n-th, so that long neighbours go to different tasks."""
        return self.items[task_index::task_count]


def read_manifest(path: Path) -> Manifest:
    """Return the manifest `{"items": [...], "on_failure": "stop" | "continue"}`, or refuse it."""
    if path.stat().st_size > _MOST_BYTES:
        raise _bad_manifest(f"is larger than {_MOST_BYTES} bytes")
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as problem:
        raise _bad_manifest("is no JSON") from problem
    if not isinstance(found, dict) or not isinstance(found.get("items"), list) or found.keys() - _KEYS:
        raise _bad_manifest('must be {"items": [...]}, with "on_failure" at most beside it')
    if found.get("on_failure", "stop") not in _ON_FAILURE:
        raise _bad_manifest('has an "on_failure" that is neither "stop" nor "continue"')
    return Manifest(_items(found["items"]), found.get("on_failure") == "continue")


def _items(found: list[Any]) -> tuple[Item, ...]:
    if len(found) > _MOST_ITEMS:
        raise _bad_manifest(f"has {len(found)} items, more than {_MOST_ITEMS}")
    items = tuple(Item(index, _name(value, index), value) for index, value in enumerate(found))
    if len({item.name for item in items}) != len(items):
        raise _bad_manifest("names two items alike")
    return items


def _name(value: Any, index: int) -> str:
    name = value.get("id", str(index)) if isinstance(value, dict) else str(index)
    if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= _LONGEST_ID:
        raise _bad_manifest(f"has an item ({index}) whose id is no printable string of 1 to {_LONGEST_ID} characters")
    return name


def _bad_manifest(what: str) -> Refused:
    return Refused(ExitCode.BAD_MANIFEST, f"the manifest {what}")
