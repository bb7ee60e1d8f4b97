"""Writes structured log lines to standard output, each bearing the ids of its release."""

import json
import threading
from typing import TextIO

from interlock_agent.masking.mask import Mask
from interlock_agent.task_identity import TaskIdentity


class Log:
    """One JSON object a line, as Cloud Logging reads it; safe to use from several threads."""

    def __init__(self, stream: TextIO, identity: TaskIdentity | None, mask: Mask) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._ids = _ids(identity) if identity else {}
        self._mask = mask

    def info(self, message: str, **fields: object) -> None:
        """Log a step of the agent's own."""
        self.write("INFO", message, self._masked(fields))

    def failure(self, message: str, **fields: object) -> None:
        """Log why the script did not run, or not to its end."""
        self.write("ERROR", message, self._masked(fields))

    def write(self, severity: str, message: str, fields: dict[str, object]) -> None:
        """Write one line that is masked already; a reader that went away must not stop a running deployment."""
        line = json.dumps({"severity": severity, "message": message, **fields, **self._ids})
        with self._lock:
            try:
                print(line, file=self._stream, flush=True)
            except OSError:
                return

    def _masked(self, fields: dict[str, object]) -> dict[str, object]:
        return {name: self._mask(value) if isinstance(value, str) else value for name, value in fields.items()}


def _ids(identity: TaskIdentity) -> dict[str, object]:
    labels = {"release_id": identity.release_id, "attempt": str(identity.attempt)}
    return {
        "release_id": identity.release_id,
        "attempt": identity.attempt,
        "task_index": identity.task_index,
        "task_attempt": identity.task_attempt,
        "logging.googleapis.com/labels": labels,
    }
