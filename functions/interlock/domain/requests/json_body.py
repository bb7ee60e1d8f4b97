"""Reads a message's bytes as one JSON object, or returns why they are none; no bytes make it raise."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from math import isfinite
from typing import Literal, NoReturn

from interlock.domain.requests.violation import Violation, shortened

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32

Reason = Literal["empty", "not_utf8", "not_json", "not_object", "duplicate_key", "not_finite", "too_deep", "too_large"]

_BOM = b"\xef\xbb\xbf"
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")
_STEP = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}
_SURROGATE = re.compile(rb"\\u[dD][89abAB]|\\u[dD][c-fC-F]")
_JSON_SPACE = b" \t\r\n"
_TYPES = {list: "an array", str: "a string", bool: "a boolean", int: "a number", float: "a number"}


@dataclass(frozen=True, slots=True)
class BodyError:
    """Why a body cannot be held against the contract: a reason of its own, and the same as a violation."""

    reason: Reason
    violation: Violation


class _NotFiniteError(Exception):
    pass


def parse_body(data: bytes) -> Mapping[str, object] | BodyError:
    """Return the JSON object in the bytes. A leading byte order mark is skipped, as RFC 8259 allows."""
    body = data.removeprefix(_BOM)
    if not body.strip(_JSON_SPACE):
        return _error("empty", "a JSON object", "no content")
    if len(data) > MAX_BYTES:
        return _error("too_large", f"at most {MAX_BYTES} bytes", f"{len(data)} bytes")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        return _error("not_utf8", "UTF-8 text", f"the byte 0x{body[error.start]:02x} at {error.start}")
    if _is_too_deep(body):
        return _error("too_deep", f"at most {MAX_DEPTH} levels of nesting", "more levels")
    return _read(text, may_hold_surrogates=_SURROGATE.search(body) is not None)


def _is_too_deep(body: bytes) -> bool:
    """Whether brackets outside of strings nest too deep; known before a parser may recurse into them."""
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return False
    brackets = _BRACKET.findall(_STRING.sub(b"", body))
    return any(depth > MAX_DEPTH for depth in accumulate(_STEP[bracket] for bracket in brackets))


def _read(text: str, *, may_hold_surrogates: bool) -> Mapping[str, object] | BodyError:
    reader = _Reader()
    try:
        document = reader.read(text)
    except json.JSONDecodeError as error:
        where = f"{error.msg} at line {error.lineno}, column {error.colno}"
        return _error("not_json", "a JSON document", where)
    except _NotFiniteError as error:
        return _error("not_finite", "numbers that a 64-bit float can hold", str(error))
    if may_hold_surrogates and _has_lone_surrogate(document):
        return _error("not_utf8", "text that UTF-8 can write", "half of a surrogate pair")
    return _judged(document, reader)


def _judged(document: object, reader: "_Reader") -> Mapping[str, object] | BodyError:
    if reader.duplicates:
        holder, key = reader.duplicates[-1]
        pointer = f"{next(_pointers_to(document, holder))}/{escaped(key)}"
        return _error("duplicate_key", "each key once", shortened(json.dumps(key)), pointer=pointer)
    if not isinstance(document, dict):
        return _error("not_object", "a JSON object", _TYPES.get(type(document), "null"))
    return document


class _Reader:
    """The JSON parser with the strictness that the standard library leaves to hooks."""

    def __init__(self) -> None:
        self.duplicates: list[tuple[dict[str, object], str]] = []
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object, parse_int=_integer, parse_float=_float, parse_constant=_constant
        )

    def read(self, text: str) -> object:
        return self._decoder.decode(text)

    def _object(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            self.duplicates.append((found, next(key for key in keys if keys.count(key) > 1)))
        return found


def escaped(key: str) -> str:
    """Return the key as one token of a JSON Pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def _pointers_to(value: object, wanted: object, at: str = "") -> Iterator[str]:
    if value is wanted:
        yield at
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _pointers_to(item, wanted, f"{at}/{escaped(key)}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _pointers_to(item, wanted, f"{at}/{index}")


def _integer(text: str) -> int:
    """Return the number; the check comes first, since Python refuses to read very long ones."""
    _float(text)
    return int(text)


def _float(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise _NotFiniteError(f"a number of {len(text)} characters")
    return number


def _constant(name: str) -> NoReturn:
    raise _NotFiniteError(name)


def _has_lone_surrogate(document: object) -> bool:
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _error(reason: Reason, expected: str, found: str, *, pointer: str = "") -> BodyError:
    return BodyError(reason, Violation(pointer, reason, expected, found))
