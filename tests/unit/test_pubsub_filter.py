"""Subscription filters, by values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock_local.pubsub.filter import BadFilter, parse_filter


@pytest.mark.parametrize(
    ("text", "attributes", "passes"),
    [
        ("", {}, True),
        ('attributes.env = "prod"', {"env": "prod"}, True),
        ('attributes.env="prod"', {"env": "stage"}, False),
        ('attributes.env != "prod"', {}, True),
        ('attributes."a.b/c" = "x"', {"a.b/c": "x"}, True),
        ('attributes:"a.b/c"', {"a.b/c": ""}, True),
        ("attributes:env", {"other": "x"}, False),
        ('hasPrefix(attributes.env, "pr")', {"env": "prod"}, True),
        ('hasPrefix(attributes.env, "")', {}, False),
        ("NOT attributes:a AND attributes:b", {"b": ""}, True),
        ("NOT (attributes:a AND attributes:b)", {"a": "", "b": ""}, False),
        ("attributes:a OR (attributes:b AND attributes:c)", {"b": "", "c": ""}, True),
        ('attributes.a = "say \\"x\\""', {"a": 'say "x"'}, True),
        ("NOT NOT attributes:a", {"a": ""}, True),
    ],
)
def test_a_filter_decides_by_attributes(text: str, attributes: dict[str, str], passes: bool) -> None:
    assert parse_filter(text)(attributes) is passes


@pytest.mark.parametrize(
    "text",
    [
        "attributes",
        "attributes.env",
        "attributes.env = prod",
        'attributes.env == "prod"',
        'data = "x"',
        "attributes:a AND",
        "attributes:a attributes:b",
        "(attributes:a",
        "attributes:a)",
        "attributes:a AND attributes:b OR attributes:c",
        'hasPrefix(attributes.env "x")',
        'attributes.env = "unclosed',
        "attributes:" + "a" * 256,
    ],
)
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(BadFilter):
        parse_filter(text)


@given(st.text(alphabet='atributes.:"=!()ANDORT -\\', max_size=40))
def test_any_text_is_either_a_filter_or_refused(text: str) -> None:
    try:
        passes = parse_filter(text)({})
    except BadFilter:
        return
    assert passes in {True, False}


@given(st.dictionaries(st.text(min_size=1, max_size=4), st.text(max_size=4), min_size=1, max_size=2))
def test_any_value_can_be_asked_for(attributes: dict[str, str]) -> None:
    def quoted(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    text = " AND ".join(f"attributes.{quoted(name)} = {quoted(value)}" for name, value in attributes.items())
    assert parse_filter(text)(attributes)
