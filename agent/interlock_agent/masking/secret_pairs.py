"""Finds the values of pairs (`key=value`, `"key": "value"`, `?key=value`, `--key value`) whose key names a secret.

Every pattern is possessive or starts only where a run starts, so the time stays linear in the text's length.
"""

import re
from collections.abc import Iterator

_SENSITIVE_KEY = re.compile(
    r"passw|passphrase|pwd|secret|token|api[-_.]?key|access[-_.]?key|account[-_.]?key|private[-_.]?key"
    r"|signing[-_.]?key|encryption[-_.]?key|authori[sz]ation|credential|cookie|session|signature"
    r"|(?:^|[-_.])(?:auth|sig|pin|otp|jwt|creds?)(?:$|[-_.])"
    r"|[-_.](?:pass|pw)(?:$|[-_.])",  # `PASS: 12` alone is a test's report
    re.IGNORECASE,
)
_LONGEST_KEY = 256
_KEY = re.compile(
    r"(?<![\w.-])([\w.-]++)"
    r"((?:\\*+[\"'])?+\s*+(?:=>|[:=])\s*+|\s++(?=[^\s-]))"  # `key=`, `"key": `, `\"key\": ` or `--key `
)
_QUOTED = re.compile(
    r"\\\"(?P<escaped>(?:[^\"\\]|\\[^\"])*+)"
    r"|\"(?P<double>(?:[^\"\\]|\\.)*+)"
    r"|'(?P<single>(?:[^'\\]|\\.)*+)",
    re.DOTALL,
)
_HEADER = re.compile(r"(?:authori[sz]ation|cookie)\Z", re.IGNORECASE)
_REST_OF_LINE = re.compile(r"[^\r\n\"]*+")
_UNQUOTED = re.compile(r"[^\s\"']*+")
_PARAMETER = re.compile(r"[^\s\"'&#]*+")
_NO_SECRET = re.compile(r"\$|\(|projects/")  # a shell's variable or substitution, and the name of a resource
_SHORTEST = 4


def secret_value_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the values stand, without their quotes; what is too short to be a secret is left out."""
    position = 0
    while match := _KEY.search(text, position):
        position = match.end()
        if _names_secret(text, match):
            start, end = _value_span(text, match)
            if end - start >= _SHORTEST and not _NO_SECRET.match(text, start):
                yield start, end
                position = end


def _names_secret(text: str, match: re.Match[str]) -> bool:
    key, separator = match.groups()
    if separator.isspace() and not key.startswith("--"):
        return False
    return _SENSITIVE_KEY.search(key[-_LONGEST_KEY:]) is not None or (key == "key" and _is_parameter(text, match))


def _is_parameter(text: str, match: re.Match[str]) -> bool:
    return text[max(match.start() - 1, 0) : match.start()] in {"?", "&"}


def _value_span(text: str, match: re.Match[str]) -> tuple[int, int]:
    """Return the span to the closing quote, to the line's end, to the next parameter, or to a space."""
    if quoted := _QUOTED.match(text, match.end()):
        return quoted.span(str(quoted.lastgroup))
    bare = _PARAMETER if _is_parameter(text, match) else _UNQUOTED
    if _HEADER.search(match[1][-_LONGEST_KEY:]):
        bare = _REST_OF_LINE
    value = bare.match(text, match.end())
    assert value is not None
    return value.span()
