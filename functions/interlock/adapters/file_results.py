"""Reads the agent's results where the results store is a directory (`file:///DIR`)."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

_RESULT = re.compile(r"results(?:-([0-9]{1,9}))?\.json")


class FileResults:
    """Implements ResultReader on `<root>/<quoted release id>/<attempt>/`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def owner(self, release_id: str, attempt: int) -> str | None:
        """Return the short name of the execution that owns the attempt's fence, or None."""
        found = _read(self._attempt(release_id, attempt) / "owner.json")
        name = found.get("execution") if found else None
        return name if isinstance(name, str) else None

    def result(self, release_id: str, attempt: int, task_index: int) -> Mapping[str, Any] | None:
        """Return the results.json of the task's last try, or None where it is missing or broken."""
        paths = (self._attempt(release_id, attempt) / str(task_index)).glob("results*.json")
        tries = [(int(found[1] or 0), path) for path in paths if (found := _RESULT.fullmatch(path.name))]
        return _read(max(tries)[1]) if tries else None

    def _attempt(self, release_id: str, attempt: int) -> Path:
        return self._root / quote(release_id, safe="") / str(attempt)


def _read(path: Path) -> Mapping[str, Any] | None:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
