"""The results store where it is a directory (`file:///DIR`)."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import quote

from interlock.domain.executions.task_results import last_results
from interlock.domain.releases.ownership import SEALED, owner_named, sealed_fence
from interlock.results.interface import MOST_TASKS, ResultsUnavailable


class FileResults:
    """Implements Results on `<root>/<quoted release id>/<attempt>/`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def owner(self, release_id: str, attempt: int) -> str | None:
        """Return the short name of the execution that owns the attempt's fence, SEALED, or None."""
        return owner_named(_read(self._attempt(release_id, attempt) / "owner.json"))

    def seal(self, release_id: str, attempt: int) -> str:
        """Take the fence as SEALED unless it is taken; a hard link is one atomic create. Raises ResultsUnavailable."""
        folder = self._attempt(release_id, attempt)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile("w", dir=folder, prefix=".owner.json.") as partial:
                json.dump(sealed_fence(release_id, attempt), partial)
                partial.flush()
                Path(partial.name).chmod(0o644)  # agents may run as another user
                (folder / "owner.json").hardlink_to(partial.name)
        except FileExistsError:
            return self._taken(release_id, attempt)
        except OSError as error:
            raise ResultsUnavailable(f"cannot seal {folder}: {error}") from error
        return SEALED

    def _taken(self, release_id: str, attempt: int) -> str:
        if owner := self.owner(release_id, attempt):
            return owner
        raise ResultsUnavailable(f"the fence of {release_id}, attempt {attempt}, names no owner")

    def results(self, release_id: str, attempt: int) -> Sequence[Mapping[str, Any]]:
        """Return the results.json of each task's last try, by task index; what is missing or broken is left out."""
        folder = self._attempt(release_id, attempt)
        names = last_results(
            (str(path.relative_to(folder)) for path in folder.glob("*/results*.json")), limit=MOST_TASKS
        )
        return [found for name in names if (found := _read(folder / name))]

    def _attempt(self, release_id: str, attempt: int) -> Path:
        return self._root / quote(release_id, safe="") / str(attempt)


def _read(path: Path) -> Mapping[str, Any] | None:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
