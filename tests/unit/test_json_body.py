"""Bytes become one JSON object or a reason why not; never an exception, and never slowly."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.domain.requests.json_body import MAX_BYTES, MAX_DEPTH, BodyError, parse_body


def reason_of(data: bytes) -> str:
    body = parse_body(data)
    assert isinstance(body, BodyError), body
    assert body.violation.rule == body.reason
    assert len(body.violation.found) <= 120
    return body.reason


def nested(levels: int) -> bytes:
    return b'{"a":' * (levels - 1) + b"{}" + b"}" * (levels - 1)


def of_size(size: int) -> bytes:
    return b'{"a":"' + b"x" * (size - 8) + b'"}'


def test_an_object_is_read_as_it_stands() -> None:
    assert parse_body('{"a": [1, 2.5, true, null, "é"]}'.encode()) == {"a": [1, 2.5, True, None, "é"]}


def test_a_byte_order_mark_is_skipped() -> None:
    assert parse_body(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}
    assert reason_of(b"\xef\xbb\xbf") == "empty"


def test_the_largest_body_is_read_and_one_byte_more_is_not() -> None:
    assert not isinstance(parse_body(of_size(MAX_BYTES)), BodyError)
    assert reason_of(of_size(MAX_BYTES + 1)) == "too_large"


def test_the_deepest_body_is_read_and_one_level_more_is_not() -> None:
    assert not isinstance(parse_body(nested(MAX_DEPTH)), BodyError)
    assert reason_of(nested(MAX_DEPTH + 1)) == "too_deep"


@pytest.mark.parametrize("data", [b"[" * 200_000, b'{"a":' * 50_000, b"[" * 100_000 + b"]" * 100_000])
def test_a_body_that_would_exhaust_the_parser_is_too_deep(data: bytes) -> None:
    assert reason_of(data) == "too_deep"


def test_brackets_inside_of_texts_are_no_depth() -> None:
    text = "[{" * 100 + '\\"' + "[" * 100
    assert parse_body(json.dumps({"a": text, "b": ["\\", "["]}).encode()) == {"a": text, "b": ["\\", "["]}


def test_many_siblings_are_no_depth() -> None:
    assert parse_body(json.dumps({"a": [[]] * 100}).encode()) == {"a": [[]] * 100}


@pytest.mark.parametrize("data", [b"{} {}", b"{,}", b'{"a": 1,}', b"{'a': 1}", b'{"a": 01}', b'{"a": "\n"}', b'{"'])
def test_what_is_almost_json_is_not_json(data: bytes) -> None:
    assert reason_of(data) == "not_json"


def test_what_is_not_json_is_told_with_its_place() -> None:
    body = parse_body(b'{\n "a": x}')
    assert isinstance(body, BodyError)
    assert body.violation.found == "Expecting value at line 2, column 7"


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"[]", "an array"),
        (b'"a"', "a string"),
        (b"1", "a number"),
        (b"1.5", "a number"),
        (b"true", "a boolean"),
        (b"null", "null"),
    ],
)
def test_what_is_no_object_is_named(data: bytes, found: str) -> None:
    body = parse_body(data)
    assert isinstance(body, BodyError)
    assert (body.reason, body.violation.found) == ("not_object", found)


@pytest.mark.parametrize(
    ("data", "pointer"),
    [
        (b'{"a": 1, "a": 1}', "/a"),
        (b'{"a": [{}, {"b/c": 1, "b/c": 2}]}', "/a/1/b~1c"),
        (b'{"a": {"x": 1, "x": 2}, "a": 1}', "/a"),
        (b'[{"a": 1, "\\u0061": 2}]', "/0/a"),
    ],
)
def test_a_key_that_comes_twice_is_pointed_at(data: bytes, pointer: str) -> None:
    body = parse_body(data)
    assert isinstance(body, BodyError)
    assert (body.reason, body.violation.pointer) == ("duplicate_key", pointer)


@pytest.mark.parametrize(
    "number", [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999", b"9" * 5000, b"9" * 400, b"-" + b"9" * 5000]
)
def test_a_number_that_no_float_holds_is_not_finite(number: bytes) -> None:
    assert reason_of(b'{"a": ' + number + b"}") == "not_finite"


def test_a_long_number_that_a_float_holds_is_read() -> None:
    assert parse_body(b'{"a": ' + b"9" * 300 + b"}") == {"a": int("9" * 300)}


@pytest.mark.parametrize("data", [b'{"a": "\\ud800"}', b'{"\\uDFFF": 1}', b'{"a": "\\udc00\\ud800"}'])
def test_half_of_a_surrogate_pair_is_not_utf8(data: bytes) -> None:
    assert reason_of(data) == "not_utf8"


def test_a_whole_surrogate_pair_is_a_character() -> None:
    assert parse_body(b'{"a": "\\ud83d\\ude80", "b": "\\\\ud800"}') == {"a": "🚀", "b": "\\ud800"}


@pytest.mark.parametrize("data", [b'{"a": "\xff"}', '{"a": 1}'.encode("utf-16"), b"\xed\xa0\x80", b"\xc0\x80"])
def test_bytes_that_are_no_utf8_are_told_so(data: bytes) -> None:
    assert reason_of(data) == "not_utf8"


@pytest.mark.parametrize("data", [b"", b" \r\n\t"])
def test_nothing_is_empty(data: bytes) -> None:
    assert reason_of(data) == "empty"


JSON_LIKE = st.lists(
    st.sampled_from(
        [b"{", b"}", b"[", b"]", b'"', b"\\", b"a", b":", b",", b"1", b"e9", b"-", b"NaN", b"\\ud800", b"\xff"]
    )
).map(b"".join)


@settings(max_examples=500, deadline=None)
@given(st.binary() | JSON_LIKE | JSON_LIKE.map(lambda inner: b'{"a":' + inner + b"}"))
def test_no_bytes_raise(data: bytes) -> None:
    body = parse_body(data)
    assert isinstance(body, dict | BodyError)


@settings(max_examples=200)
@given(st.dictionaries(st.text(), st.recursive(st.text() | st.integers() | st.booleans(), st.lists, max_leaves=5)))
def test_every_json_object_survives(document: dict[str, object]) -> None:
    assert parse_body(json.dumps(document).encode()) == document


@pytest.mark.parametrize("unit", [b"[]", b'"', b'\\"', b"[{", b'{"a":1},', b'"a\\'])
def test_a_hostile_body_is_answered_in_linear_time(unit: bytes) -> None:
    data = (unit * MAX_BYTES)[:MAX_BYTES]
    before = time.perf_counter()
    assert isinstance(parse_body(data), BodyError)
    assert time.perf_counter() - before < 2
