"""Reading JSON that others shaped."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.domain.json_access import list_at, map_at, read_object, read_timestamp, text_at, whole_number


@pytest.mark.parametrize(("value", "number"), [(1, 1), (1.0, 1), ("1", 1), (0, 0), (2**53, 2**53)])
def test_a_count_is_read_in_every_way_the_platform_writes_it(value: object, number: int) -> None:
    assert whole_number(value) == number


@pytest.mark.parametrize(
    "value", [None, True, -1, 1.5, float("nan"), float("inf"), 1e300, "", "x", "1.0", "²", "9" * 99]
)
def test_what_is_no_count_is_none(value: object) -> None:
    assert whole_number(value) is None


@pytest.mark.parametrize("text", ["2026-03-04T09:15:30.123Z", "2026-03-04T10:15:30.123456789+01:00"])
def test_times_are_utc_whichever_zone_they_name(text: str) -> None:
    moment = read_timestamp(text)
    assert moment is not None
    assert moment.replace(microsecond=123000) == datetime(2026, 3, 4, 9, 15, 30, 123000, tzinfo=UTC)
    assert moment.tzinfo is UTC


@settings(deadline=None)
@given(st.none() | st.integers() | st.text() | st.datetimes().map(str))
def test_whatever_is_no_time_with_a_zone_is_none(value: object) -> None:
    moment = read_timestamp(value)
    assert moment is None or moment.tzinfo is UTC


def test_a_time_at_the_edge_of_the_calendar_does_not_raise() -> None:
    assert read_timestamp("0001-01-01T00:00:00+14:00") is None


def test_look_ups_through_a_wrong_shape_find_nothing() -> None:
    document = {"a": [{"b": 1}, 2], "c": "", "d": "text"}
    assert map_at(document, "a", "b") == {}
    assert list_at(document, "a") == ({"b": 1},)
    assert list_at(document, "c", "x") == ()
    assert text_at(document, "a", "c", "d") == "text"


@settings(deadline=None)
@given(st.binary())
def test_bytes_are_an_object_or_none(data: bytes) -> None:
    value = read_object(data)
    assert value is None or isinstance(value, dict)
