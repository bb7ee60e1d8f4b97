"""Takes out what looks like a credential, by its key or by its shape, before anything leaves in a log,
an alert, an event or an error.

Every pattern is possessive or starts only where a run starts, so the time stays linear in the text's length.
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any

from interlock.domain.json_access import read_object

REDACTED = "[redacted]"

_DEEPEST = 32
_PARSED_BYTES = 256 * 1024
_READ_BYTES = 64 * 1024

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

_SENSITIVE_KEY = re.compile(
    r"passw|passphrase|pwd|secret|token|api[-_. ]?key|access[-_. ]?key|account[-_. ]?key|private[-_. ]?key"
    r"|signing[-_. ]?key|encryption[-_. ]?key|authori[sz]ation|credential|cookie|session|signature"
    r"|(?:^|[-_.])(?:auth|sig|pin|otp|jwt|creds?)(?:$|[-_.])"
    r"|[-_.](?:pass|pw)(?:$|[-_.])",  # `PASS: 12` alone is a test's report
    re.IGNORECASE,
)
_TAKES_THE_LINE = re.compile(r"(?:authori[sz]ation|cookie)\Z", re.IGNORECASE)

_SHAPES = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}-----.*?(?:-----END [A-Z0-9 ]{0,40}-----|\Z)"
    r"|LS0tLS1CRUdJTi[A-Za-z0-9+/=]*+"  # a PEM block in base64
    r"|(?<![A-Za-z0-9_-])(?:"
    r"eyJ[A-Za-z0-9_-]{5,}+\.[A-Za-z0-9_-]{5,}+(?:\.[A-Za-z0-9_-]*+)*+"  # JSON Web Token
    r"|(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])"
    r"|AIza[A-Za-z0-9_-]{35}"
    r"|ya29\.[A-Za-z0-9_.-]{10,}+"
    r"|1//[A-Za-z0-9_-]{20,}+"
    r"|GOCSPX-[A-Za-z0-9_-]{16,}+"
    r"|gh[opsur]_[A-Za-z0-9]{20,}+"
    r"|github_pat_[A-Za-z0-9_]{20,}+"
    r"|gl[a-z]{1,6}-[A-Za-z0-9_-]{20,}+"
    r"|xox[a-z]-[A-Za-z0-9-]{10,}+"
    r"|xapp-[A-Za-z0-9-]{10,}+"
    r"|npm_[A-Za-z0-9]{30,}+"
    r"|pypi-[A-Za-z0-9_-]{32,}+"
    r"|[prs]k_(?:live|test)_[A-Za-z0-9]{10,}+"
    r"|sk-[A-Za-z0-9_-]{20,}+"
    r"|hv[bs]\.[A-Za-z0-9_-]{20,}+"
    r"|SG\.[A-Za-z0-9_-]{16,}+\.[A-Za-z0-9_-]{16,}+"
    r")",
    re.DOTALL,
)
_PLAIN = re.compile(r"[\w./-]{0,13}+\Z", re.ASCII)  # shorter than any shape, and no place for a key and its value
_MAY_HOLD_PAIRS = re.compile(r"[\s:=]|hooks\.slack")  # what all patterns below need; a resource's name has none of it
_WEBHOOK = re.compile(r"(hooks\.slack\.com/[a-z]{1,16}/)[A-Za-z0-9/_-]++")
_SCHEME = re.compile(r"(?<![\w-])(bearer|basic)(\s++)([A-Za-z0-9._~+/=-]{6,}+)", re.IGNORECASE)
_LOOKS_RANDOM = re.compile(r"[0-9A-Z=]")
_AUTHORITY = re.compile(r"://([^\s/?#\"'<>]++)")

_KEY = re.compile(
    r"(?<![\w.-])([\w.-]++)"
    r"((?:\\*+[\"'])?+\s*+(?:=>|[:=])\s*+|\s++(?=[^\s-]))"  # `key=`, `"key": `, `\"key\": ` or `--key `
)
_QUOTED = re.compile(r"\\\"(?:[^\"\\]|\\[^\"])*+(?:\\\")?+|\"(?:[^\"\\]|\\.)*+\"?+|'(?:[^'\\]|\\.)*+'?+", re.DOTALL)
_RESOURCE = re.compile(r"projects/[\w.:-]{1,64}/[A-Za-z]{1,32}/[\w.:/-]{1,256}\Z")
_REST_OF_LINE = re.compile(r"[^\r\n\"]*+")
_UNQUOTED = re.compile(r"[^\s\"']*+")
_PARAMETER = re.compile(r"[^\s\"'&#]*+")


def redact_text(text: str) -> str:
    """The text without credentials; digests, commits, release ids and paths stay."""
    if _PLAIN.match(text):
        return text
    text = _SHAPES.sub(REDACTED, text)
    if not _MAY_HOLD_PAIRS.search(text):
        return text
    text = _AUTHORITY.sub(_without_userinfo, text)
    text = _redact_pairs(text)
    text = _SCHEME.sub(_without_scheme_value, text)
    return _WEBHOOK.sub(rf"\1{REDACTED}", text)


def redact_value(value: object) -> object:
    """The same JSON value without credentials: values under telling keys go whole, texts are cleaned.

    A list of arguments (`--password x`) and a list of variables ({name, value}) are read as pairs, too.
    """
    return _redacted(value, 0)


def redact_object(value: Mapping[str, object]) -> dict[str, object]:
    """The same JSON object without credentials, as `redact_value` has it."""
    return _redacted_mapping(value, 0)


def excerpt(data: bytes, limit: int = 1000) -> str:
    """The start of a message's data, redacted before it is cut, so that no cut hides a credential's shape."""
    document = read_object(data) if len(data) <= _PARSED_BYTES else None
    if document is not None:
        text = json.dumps(redact_value(document), ensure_ascii=False)
    else:
        text = redact_text(data[:_READ_BYTES].decode("utf-8", "replace"))
    text = printable(text)
    return text if len(text) <= limit else text[: max(limit - 1, 0)] + "…"


def printable(text: str) -> str:
    """The text as every log takes it: control characters and halves of surrogate pairs replaced."""
    return _CONTROL.sub("\ufffd", text)


@lru_cache(maxsize=512)  # the same few dozen keys come in every line
def is_sensitive_key(key: str) -> bool:
    """Whether a value under this key must never leave."""
    return _SENSITIVE_KEY.search(key[-256:]) is not None


def _redacted(value: object, depth: int) -> object:
    if isinstance(value, str):
        return redact_text(value)
    if value is None or isinstance(value, int | float):
        return value
    if depth >= _DEEPEST and isinstance(value, Mapping | list | tuple):
        return REDACTED
    if isinstance(value, Mapping):
        return _redacted_mapping(value, depth)
    if isinstance(value, list | tuple):
        return _redacted_list(value, depth)
    return value


def _redacted_mapping(value: Mapping[Any, object], depth: int) -> dict[Any, object]:
    name = value.get("name")
    is_secret_variable = isinstance(name, str) and is_sensitive_key(name)
    return {
        _redacted_key(key) if isinstance(key, str) else key: (
            _hidden(item)
            if isinstance(key, str) and (is_sensitive_key(key) or (is_secret_variable and key == "value"))
            else _redacted(item, depth + 1)
        )
        for key, item in value.items()
    }


@lru_cache(maxsize=512)
def _redacted_key(key: str) -> str:
    return redact_text(key)


def _redacted_list(value: list[object] | tuple[object, ...], depth: int) -> list[object]:
    follows_flag = [False, *(_is_secret_flag(left) for left, _ in pairwise(value))]
    return [
        _hidden(item) if secret else _redacted(item, depth + 1)
        for item, secret in zip(value, follows_flag, strict=False)
    ]


def _is_secret_flag(value: object) -> bool:
    return isinstance(value, str) and value.startswith("-") and "=" not in value and is_sensitive_key(value)


def _hidden(value: object) -> object:
    """Absence and yes or no tell nothing; all else under a telling key goes."""
    return value if value is None or isinstance(value, bool) else REDACTED


def _redact_pairs(text: str) -> str:
    """Hide the values of `key=value`, `key: value`, `"key": "value"`, `?key=value` and `--key value`."""
    kept: list[str] = []
    start = position = 0
    while match := _KEY.search(text, position):
        position = match.end()
        if _names_secret(text, match):
            end = _value_end(text, match)
            kept += text[start:position], _hidden_text(text[position:end])
            start = position = end
    return "".join((*kept, text[start:]))


def _names_secret(text: str, match: re.Match[str]) -> bool:
    key, separator = match.groups()
    if separator.isspace():
        return key.startswith("--") and is_sensitive_key(key)
    return is_sensitive_key(key) or (key == "key" and _is_parameter(text, match))


def _is_parameter(text: str, match: re.Match[str]) -> bool:
    return text[max(match.start() - 1, 0) : match.start()] in {"?", "&"}


def _value_end(text: str, match: re.Match[str]) -> int:
    """Where the value ends: at its closing quote, at the line's end, at the next parameter, or at a space."""
    bare = _PARAMETER if _is_parameter(text, match) else _UNQUOTED
    if _TAKES_THE_LINE.search(match[1][-64:]):
        bare = _REST_OF_LINE
    value = _QUOTED.match(text, match.end()) or bare.match(text, match.end())
    assert value is not None
    return value.end()


def _hidden_text(value: str) -> str:
    """The placeholder in the value's own quotes; a resource's name stays, for a secret's name is no secret."""
    if not value or _RESOURCE.match(value):
        return value
    quote = next((mark for mark in ('\\"', '"', "'") if value.startswith(mark)), "")
    return f"{quote}{REDACTED}{quote}"


def _without_userinfo(match: re.Match[str]) -> str:
    userinfo, at, host = match[1].rpartition("@")
    return f"://{REDACTED}@{host}" if at and userinfo else match[0]


def _without_scheme_value(match: re.Match[str]) -> str:
    """`Basic authentication` is prose; a credential has a digit, a capital or padding in it."""
    return f"{match[1]}{match[2]}{REDACTED}" if _LOOKS_RANDOM.search(match[3]) else match[0]
