"""Writes structured log lines to standard output, the form that Cloud Logging reads from a function."""

import json
import sys
from collections.abc import Mapping
from typing import Self

from interlock.domain.redaction import redact_object

_encode = json.JSONEncoder(default=str).encode


class JsonJournal:
    """Implements Journal; the bound fields go into every line, credentials into none."""

    def __init__(self, **bound: object) -> None:
        self._bound = _legible(bound)

    def bind(self, **fields: object) -> Self:
        """Return a journal that adds these fields to every line."""
        journal = type(self)(**fields)
        journal._bound = {**self._bound, **journal._bound}
        return journal

    def note(self, event: str, *, severity: str = "INFO", **fields: object) -> None:
        """Write the line at once."""
        self.write({"severity": severity, "message": event, "event": event, **self._bound, **_legible(fields)})

    def write(self, entry: Mapping[str, object]) -> None:
        """Write an entry that is already whole and redacted, as one line."""
        sys.stdout.write(_encode(entry) + "\n")
        sys.stdout.flush()


def _legible(fields: Mapping[str, object]) -> dict[str, object]:
    """Return the fields that say something, without credentials."""
    return redact_object({key: value for key, value in fields.items() if value is not None})
