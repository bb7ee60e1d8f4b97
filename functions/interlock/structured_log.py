"""Structured log entries: the standard logging module, and the form in which Cloud Logging reads them from a function.

https://cloud.google.com/logging/docs/structured-logging
"""

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

from interlock.domain.redaction import redact_object

TRACE, SPAN = "logging.googleapis.com/trace", "logging.googleapis.com/spanId"
SAMPLED = "logging.googleapis.com/trace_sampled"
TRACING = (TRACE, SPAN, SAMPLED)
LABELS = "logging.googleapis.com/labels"

_log = logging.getLogger("interlock")
_bound: ContextVar[Mapping[str, object]] = ContextVar("bound", default=MappingProxyType({}))


def log_event(event: str, level: int, **fields: object) -> None:
    """Write one entry about what was decided; without credentials, and without what is None."""
    _log.log(level, event, extra={"entry": {"message": event, "event": event, **fields}})


def log_entry(entry: Mapping[str, object], level: int) -> None:
    """Write an entry that is already whole and redacted."""
    _log.log(level, entry.get("message", ""), extra={"entry": entry, "is_redacted": True})


@contextmanager
def bound(**fields: object) -> Iterator[None]:
    """Add these fields to every entry that this context writes; `bound` within `bound` adds to them."""
    token = _bound.set({**_bound.get(), **fields})
    try:
        yield
    finally:
        _bound.reset(token)


class StructuredFormatter(logging.Formatter):
    """Makes one line of JSON of a record, with what is bound; the labels of both are kept."""

    def __init__(self, project: str) -> None:
        super().__init__()
        self._traces = f"projects/{project}/traces/"

    def format(self, record: logging.LogRecord) -> str:
        """Return the entry as JSON: without what is None, and without credentials."""
        entry, context = getattr(record, "entry", {"message": record.getMessage()}), dict(_bound.get())
        labels = {**_labels(context), **_labels(entry)}
        tracing = {key: context.pop(key) for key in TRACING if key in context}
        if TRACE in tracing:
            tracing[TRACE] = f"{self._traces}{tracing[TRACE]}"
        body = entry if hasattr(record, "is_redacted") else redact_object({**context, **entry})
        merged = {"severity": record.levelname, **body, **tracing, **({LABELS: labels} if labels else {})}
        return json.dumps({key: value for key, value in merged.items() if value is not None}, default=str)


def _labels(entry: Mapping[str, object]) -> Mapping[str, object]:
    found = entry.get(LABELS)
    return found if isinstance(found, Mapping) else {}


def configure(project: str) -> None:
    """Let entries of this project go to the process's own standard output, each in one write.

    Google sets LOG_EXECUTION_ID, and the framework then puts a wrapper in the place of `sys.stdout` which writes a line
    and its end apart, so that entries of concurrent requests run into each other; the stream beneath it is whole.
    """
    handler = logging.StreamHandler(sys.__stdout__)
    handler.setFormatter(StructuredFormatter(project))
    _log.handlers = [handler]
    _log.setLevel(logging.INFO)
    _log.propagate = False
