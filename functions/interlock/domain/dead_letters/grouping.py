"""Groups dead letters of one cause: the same reason, place and error, but for what differs each time."""

import hashlib
import re

_VARIABLE_PARTS = (
    (re.compile(r"\"[^\"]*+\"|'[^']*+'|`[^`]*+`"), "<text>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?"), "<time>"),
    (re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"), "<id>"),
    (re.compile(r"\b0x[0-9a-fA-F]++|\b(?=[a-fA-F]{0,40}[0-9])[0-9a-fA-F]{7,}+\b"), "<hex>"),
    (re.compile(r"\d++"), "<n>"),
    (re.compile(r"\s++"), " "),
)
"""What differs between two reports of one fault; the order matters, digits come last."""


def fingerprint(reason: str, place: str, *, error: str | None, release_id: str | None) -> str:
    """Return sixteen hex digits, equal for dead letters that one repair mends; `place` is the route, else the stage."""
    text = normalised_error(_without(release_id, error or ""))
    return hashlib.sha256("\0".join((reason, place, text)).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def normalised_error(error: str) -> str:
    """Return the error without times, ids, hex, numbers and quoted texts."""
    text = error[:2000]
    for pattern, placeholder in _VARIABLE_PARTS:
        text = pattern.sub(placeholder, text)
    return text.strip()


def _without(release_id: str | None, error: str) -> str:
    """Return the error without the release's own id as a whole word: it differs by release, not by fault."""
    if not release_id:
        return error
    return re.sub(rf"(?<![\w.:-]){re.escape(release_id)}(?![\w:-])", "<id>", error)
