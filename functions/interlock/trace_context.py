"""Which trace, span and execution a request belongs to, as Cloud Logging groups entries by them."""

import re
from collections.abc import Mapping

from interlock.structured_log import LABELS, SAMPLED, SPAN, TRACE

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})\Z")
_CLOUD_TRACE = re.compile(r"(?P<trace>[0-9a-fA-F]{32})(?:/(?P<span>[0-9]{1,20}))?(?:;o=(?P<sampled>[01]))?\Z")
_EXECUTION_ID = re.compile(r"[A-Za-z0-9-]{1,64}\Z")


def log_fields(headers: Mapping[str, str]) -> dict[str, object]:
    """Return the fields that tie an entry to its request; what a header does not say is left out.

    W3C's `traceparent` wins over Google's older `X-Cloud-Trace-Context`, whose span is a decimal number; Cloud Logging
    wants 16 hexadecimal digits. The framework gives every request a `Function-Execution-Id`.
    https://cloud.google.com/logging/docs/structured-logging#special-payload-fields
    """
    lower = {name.lower(): value for name, value in headers.items()}
    fields = _trace(lower)
    execution = _EXECUTION_ID.match(lower.get("function-execution-id", ""))
    return {**fields, **({LABELS: {"execution_id": execution[0]}} if execution else {})}


def _trace(headers: Mapping[str, str]) -> dict[str, object]:
    if found := _TRACEPARENT.match(headers.get("traceparent", "")):
        return _fields(found["trace"], found["span"], is_sampled=bool(int(found["flags"], 16) & 1))
    if found := _CLOUD_TRACE.match(headers.get("x-cloud-trace-context", "")):
        span = f"{int(found['span']):016x}" if found["span"] else None
        return _fields(found["trace"].lower(), span, is_sampled=found["sampled"] == "1")
    return {}


def _fields(trace: str, span: str | None, *, is_sampled: bool) -> dict[str, object]:
    return {
        TRACE: trace,
        **({SPAN: span} if span else {}),
        SAMPLED: is_sampled,
    }
