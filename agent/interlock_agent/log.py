"""Writes structured log lines to standard output, each bearing the ids of its release."""

import json
import threading
from typing import TextIO

from interlock_agent.environment import Identity


class Log:
    """One JSON object a line, as Cloud Logging reads it; safe to use from several threads."""

    def __init__(self, stream: TextIO, identity: Identity | None) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._ids = _ids(identity) if identity else {}

    def info(self, message: str, **fields: object) -> None:
        """Tell a step of the agent's own."""
        self.write("INFO", message, fields)

    def failure(self, message: str, **fields: object) -> None:
        """Tell why the script did not run, or not to its end."""
        self.write("ERROR", message, fields)

    def write(self, severity: str, message: str, fields: dict[str, object]) -> None:
        """Write one line; a reader that went away must not stop a running deployment."""
        line = json.dumps({"severity": severity, "message": message, **fields, **self._ids})
        with self._lock:
            try:
                print(line, file=self._stream, flush=True)
            except OSError:
                return


def _ids(identity: Identity) -> dict[str, object]:
    labels = {"release_id": identity.release_id, "attempt": str(identity.attempt)}
    return {
        "release_id": identity.release_id,
        "attempt": identity.attempt,
        "task_index": identity.task_index,
        "logging.googleapis.com/labels": labels,
    }
