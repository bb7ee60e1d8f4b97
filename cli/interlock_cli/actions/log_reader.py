"""Reads what an execution has logged: from the local stack's files, or from Cloud Logging."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit


class LogReader(Protocol):
    """Reads one execution's log."""

    def read_new(self) -> Iterator[Mapping[str, Any]]:
        """Yield the entries since the last call, oldest first; a line that is not JSON is {"message": line}."""


def open_log(execution: str, log_uri: str | None, endpoint: str = "") -> LogReader:
    """Return the reader for the execution's log link; the endpoint is a plaintext Cloud Logging's."""
    if log_uri and log_uri.startswith("file://"):
        return FileLogReader(Path(unquote(urlsplit(log_uri).path)))
    from interlock_cli.actions.cloud_logging import CloudLogReader

    return CloudLogReader(execution, endpoint)


class FileLogReader:
    """Reads the local stack's files: a folder for each execution, a file for each task."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._offsets: dict[Path, int] = {}

    def read_new(self) -> Iterator[Mapping[str, Any]]:
        """Yield whole lines only; the start of an unfinished line is read again with its rest."""
        for path in sorted(self._folder.glob("*.log")):
            with path.open("rb") as file:
                file.seek(self._offsets.get(path, 0))
                text = file.read()
            whole = text[: text.rfind(b"\n") + 1]
            self._offsets[path] = self._offsets.get(path, 0) + len(whole)
            yield from (_entry(line) for line in whole.decode("utf-8", "replace").splitlines())


def _entry(line: str) -> Mapping[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        return {"message": line}
    return entry if isinstance(entry, dict) else {"message": line}
