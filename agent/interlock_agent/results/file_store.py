"""Keeps documents in a directory; a hard link is one atomic create."""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from interlock_agent.results.interface import StoreUnavailable


class FileStore:
    """Implements ResultStore on `<root>/<name>`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def create(self, name: str, document: Mapping[str, Any]) -> bool:
        """Create the document whole; False where it exists already."""
        try:
            return _create_whole(self._root / name, document)
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


def _create_whole(path: Path, document: Mapping[str, Any]) -> bool:
    """Write beside the name and link: a reader finds the whole document or none, and the first link wins."""
    partial = _write_partial(path, document)
    try:
        path.hardlink_to(partial)
    except FileExistsError:
        return False
    finally:
        partial.unlink()
    return True


def _write_partial(path: Path, document: Mapping[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with partial.open("x", encoding="utf-8") as stream:
        json.dump(document, stream)
        stream.flush()
        os.fsync(stream.fileno())
    return partial
