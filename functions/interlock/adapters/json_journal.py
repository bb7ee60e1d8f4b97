"""Writes structured log lines to standard output, the form that Cloud Logging reads from a function."""

import json
import sys
from collections.abc import Mapping
from typing import Self

from interlock.domain.redaction import redact_value


class JsonJournal:
    """Implements Journal; `bound` fields go into every line, credentials into none."""

    def __init__(self, bound: Mapping[str, object] | None = None) -> None:
        self._bound = dict(bound or {})

    def bind(self, **fields: object) -> Self:
        """Return a journal that adds these fields to every line."""
        return type(self)({**self._bound, **fields})

    def note(self, event: str, *, severity: str = "INFO", **fields: object) -> None:
        """Write the line at once."""
        known = {key: value for key, value in {**self._bound, **fields}.items() if value is not None}
        self.write({"severity": severity, "message": event, "event": event, **_plain(known)})

    def write(self, entry: Mapping[str, object]) -> None:
        """Write an entry that is already whole and redacted, as one line."""
        sys.stdout.write(json.dumps(entry, default=str) + "\n")
        sys.stdout.flush()


def _plain(fields: Mapping[str, object]) -> Mapping[str, object]:
    redacted = redact_value(dict(fields))
    return redacted if isinstance(redacted, dict) else {}
