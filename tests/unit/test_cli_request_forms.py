"""How a request may be written: positions in its file, YAML, assignments, durations."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock_cli.documents.assignments import with_assignments
from interlock_cli.documents.source_positions import SourcePosition, source_positions
from interlock_cli.documents.yaml_text import YamlError, yaml_to_json
from interlock_cli.durations import format_duration, parse_duration
from interlock_cli.errors import CommandError

SCALARS = st.none() | st.booleans() | st.integers() | st.text()
DOCUMENTS = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=20), inner))


def test_each_key_and_item_has_its_line_and_column() -> None:
    text = '{\n\t"a": 1,\n  "b/c": ["x",\n    "y"]\n}'
    assert source_positions(text) == {
        "": SourcePosition(1, 1),
        "/a": SourcePosition(2, 2),
        "/b~1c": SourcePosition(3, 3),
        "/b~1c/0": SourcePosition(3, 11),
        "/b~1c/1": SourcePosition(4, 5),
    }


def test_a_text_of_neither_format_has_no_positions() -> None:
    assert source_positions('{"a": [}') == {}


@given(DOCUMENTS)
def test_json_is_yaml_that_means_the_same(document: object) -> None:
    text = json.dumps(document)
    assert json.loads(yaml_to_json(text)) == document


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("0o17", "0o17"),
        ("true", True),
        ("1.5", 1.5),
        ("~", None),
    ],
)
def test_a_scalar_that_json_has_no_form_for_stays_a_text(text: str, value: object) -> None:
    assert json.loads(yaml_to_json(f"key: {text}")) == {"key": value}


@pytest.mark.parametrize("text", ["a: [1", "&a [*a]", "a: !!python/name:os.system", "\tx: 1"])
def test_what_json_cannot_express_is_refused_with_its_position(text: str) -> None:
    with pytest.raises(YamlError, match=r"line \d+, column \d+"):
        yaml_to_json(text)


def test_a_duplicate_key_is_left_for_the_parser_to_report() -> None:
    assert yaml_to_json("a: 1\na: 2") == b'{"a": 1, "a": 2}'


def test_assignments_set_texts_json_and_what_lies_inside() -> None:
    made = with_assignments({"a": 1, "params": {"X": "x"}}, ["a=2", "params.Y:=[3]", "b=c=d", "rollback:=true"])
    assert made == {"a": "2", "params": {"X": "x", "Y": [3]}, "b": "c=d", "rollback": True}


@pytest.mark.parametrize("assignment", ["nothing", "=x", "a:={", "a.b=1"])
def test_an_assignment_that_cannot_be_made_is_a_usage_error(assignment: str) -> None:
    with pytest.raises(CommandError, match="--set"):
        with_assignments({"a": 1}, [assignment])


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("30m", 1800), ("1h30m", 5400), ("2d", 172_800), ("0.5s", 0.5)]
)
def test_a_duration_reads_as_people_write_it(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "soon", "-3s", "1m2h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0.4s"), (12, "12s"), (185, "3m05s"), (7800, "2h10m"), (4e5, "4d")]
)
def test_a_duration_is_shown_short(seconds: float, text: str) -> None:
    assert format_duration(timedelta(seconds=seconds)) == text
