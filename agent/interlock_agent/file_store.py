"""Keeps documents in a directory; a hard link is one atomic create."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from interlock_agent.files import create_whole
from interlock_agent.stores import StoreUnavailable


class FileStore:
    """Implements ResultStore on `<root>/<name>`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def create(self, name: str, document: Mapping[str, Any]) -> bool:
        """Create the document whole; False where it exists already."""
        try:
            return create_whole(self._root / name, document)
        except OSError as problem:
            raise StoreUnavailable(f"cannot write {name}: {problem}") from problem

    def read(self, name: str) -> Mapping[str, Any] | None:
        """Return the document, or None where there is none."""
        try:
            found = json.loads((self._root / name).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as problem:
            raise StoreUnavailable(f"cannot read {name}: {problem}") from problem
        if not isinstance(found, dict):
            raise StoreUnavailable(f"{name} is no JSON object")
        return found
