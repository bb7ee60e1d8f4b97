"""A log entry as one line of text."""

from collections.abc import Mapping
from typing import Any


def log_line(entry: Mapping[str, Any]) -> str:
    """Return the entry's time, its severity if that is above INFO, and its message."""
    severity = str(entry.get("severity", ""))
    prefix = f"{severity} " if severity not in {"", "DEFAULT", "INFO"} else ""
    time = str(entry.get("time") or entry.get("timestamp") or "")[11:19]
    text = f"{prefix}{entry.get('message', '')}"
    return f"{time}  {text}" if time else text
