"""What must never leave, and what must stay readable. All credentials here are made up."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.domain.redaction import REDACTED, excerpt, printable, redact_text, redact_value
from tests.secret_examples import HARMLESS, PAIRS, SHAPES

ATTACKS = [
    "token" * 52_000, 'a="' * 87_000, "a='\"\\" * 60_000, "eyJ-" * 65_000, "eyJaaaaaa." * 26_000, " " * 262_144,
    "password= " * 26_000, "password:\\" * 26_000, "://" * 87_000, "-----BEGIN A-----" * 15_000, "\\" * 262_144,
    "bearer " * 37_000, "a \\\\" * 65_000, "SG.aaaaaaaaaaaaaaaaaaaa" * 11_000, "x" + "\\" * 131_000 + "=",
    "authorization\n" * 18_000, "1//" * 87_000, "k" + " " * 131_000 + "k" + " " * 131_000, "--a " * 65_000,
    "hooks.slack.com/a/" * 14_000, "@" * 262_144, "://a@" * 52_000,
]  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("around", ["{}", "before {} after", '"{}"', "x={}", "({})", "key: {},"])
def test_a_credential_s_shape_is_taken_out_wherever_it_stands(name: str, around: str) -> None:
    redacted = redact_text(around.format(SHAPES[name]))
    assert REDACTED in redacted
    assert "Example0" not in redacted
    assert "EXAMPLE0" not in redacted
    assert "eyJ" not in redacted


@pytest.mark.parametrize(("text", "redacted"), PAIRS.items())
def test_a_value_under_a_telling_key_is_taken_out(text: str, redacted: str) -> None:
    assert redact_text(text) == redacted


@pytest.mark.parametrize("text", HARMLESS)
def test_what_people_need_to_find_the_fault_stays(text: str) -> None:
    assert redact_text(text) == text
    assert redact_value({"note": [text]}) == {"note": [text]}


def test_values_are_redacted_by_key_by_shape_and_by_flag() -> None:
    value = {
        "release_id": "web-1",
        "params": {"API_TOKEN": "hunter2", "PORT": 80, "PIN": 1234},
        "credentials": {"user": "joe", "pass": "hunter2"},
        "args": ["--password", "hunter2", "--verbose", "--token=hunter2", "x"],
        "env": [{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "REGION", "value": "eu"}],
        "note": "password=hunter2",
        "password=hunter2": 1,
        "secret": None,
        "has_secret": True,
    }
    assert redact_value(value) == {
        "release_id": "web-1",
        "params": {"API_TOKEN": REDACTED, "PORT": 80, "PIN": REDACTED},
        "credentials": REDACTED,
        "args": ["--password", REDACTED, "--verbose", "--token=[redacted]", "x"],
        "env": [{"name": "DB_PASSWORD", "value": REDACTED}, {"name": "REGION", "value": "eu"}],
        "note": "password=[redacted]",
        "password=[redacted]": REDACTED,
        "secret": None,
        "has_secret": True,
    }


def test_a_value_too_deep_to_read_is_taken_out() -> None:
    value: object = "password=hunter2"
    for _ in range(5000):
        value = [value]
    assert "hunter2" not in str(redact_value(value))


@pytest.mark.parametrize("text", ATTACKS, ids=lambda text: text[:12])
def test_no_text_of_256_kib_takes_long(text: str) -> None:
    started = time.process_time()
    redact_text(text)
    assert time.process_time() - started < 2


@settings(deadline=None)
@given(st.text() | st.lists(st.sampled_from([*PAIRS, *HARMLESS, *SHAPES.values()])).map(" ".join))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = redact_text(text)
    assert redact_text(once) == once


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda one: st.lists(one) | st.dictionaries(st.text(), one),
    )
)
def test_any_value_is_redacted_to_a_value_of_its_kind(value: object) -> None:
    redacted = redact_value(value)
    assert isinstance(redacted, type(value))
    json.dumps(redacted)


def test_an_excerpt_is_redacted_before_it_is_cut() -> None:
    data = json.dumps({"a": "x" * 980, "password": "hunter2"}).encode()
    text = excerpt(data)
    assert len(text) == 1000
    assert "hunter2" not in text
    assert "hunter2" not in excerpt(b"x " * 490 + b"password=hunter2 " * 3)


def test_an_excerpt_of_what_is_no_json_is_text() -> None:
    assert excerpt(b"\xff token: hunter2") == "\ufffd token: [redacted]"
    assert excerpt(b"") == ""


def test_an_excerpt_can_be_printed_whatever_the_data() -> None:
    assert excerpt(b'{"a": "\\ud800"}\n') == '{"a": "\ufffd"}'
    assert printable("a\x1b[31m\tb\n") == "a\ufffd[31m\tb\n"


@settings(deadline=None)
@given(st.binary(), st.integers(0, 50))
def test_an_excerpt_is_never_longer_than_its_limit(data: bytes, limit: int) -> None:
    text = excerpt(data, limit)
    assert len(text) <= max(limit, 1)
    text.encode()
