"""The lines that an execution has written, from where it has written them: files here, Cloud Logging there."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit


class LogLines(Protocol):
    """Reads an execution's lines."""

    def new(self) -> Iterator[Mapping[str, Any]]:
        """Yield what has come since the last look, oldest first; a plain line is {"message": line}."""


def open_lines(execution: str, log_uri: str | None, endpoint: str = "") -> LogLines:
    """Return the reader for the execution's log link; the endpoint is a plaintext Cloud Logging's."""
    if log_uri and log_uri.startswith("file://"):
        return FileLines(Path(unquote(urlsplit(log_uri).path)))
    from interlock_cli.actions.cloud_logging import CloudLines

    return CloudLines(execution, endpoint)


class FileLines:
    """Reads the local stack's files: a folder for each execution, a file for each task."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, int] = {}

    def new(self) -> Iterator[Mapping[str, Any]]:
        """Yield whole lines only; half a line is read with its rest."""
        for path in sorted(self._folder.glob("*.log")):
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                text = file.read()
            whole = text[: text.rfind(b"\n") + 1]
            self._read[path] = self._read.get(path, 0) + len(whole)
            yield from (_entry(line) for line in whole.decode("utf-8", "replace").splitlines())


def as_line(entry: Mapping[str, Any]) -> str:
    """Return the entry as people read it: time, severity where it is one to see, message."""
    severity = str(entry.get("severity", ""))
    mark = f"{severity} " if severity not in {"", "DEFAULT", "INFO"} else ""
    time = str(entry.get("time") or entry.get("timestamp") or "")[11:19]
    return f"{time}  {mark}{entry.get('message', '')}" if time else f"{mark}{entry.get('message', '')}"


def _entry(line: str) -> Mapping[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {"message": line}
    return found if isinstance(found, dict) else {"message": line}
