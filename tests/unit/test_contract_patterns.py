"""Every pattern of the contract means to Python what it means to ECMA, and judges the longest text in one pass."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import regress
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.domain.requests.json_body import MAX_BYTES
from tests.unit.contract_examples import EXAMPLES

ODD = ("", "\n", "\r", "\u2028", "\x00", " ", "/..", "\u0663", "\uff11", "\u00e9", "\u0130", "\U0001d7ce", "\U0001f600")
BEGINNINGS = ("", "a", "gs://aaa/", "https://a", "file:///", "projects/a", "{service}", "2026-", "dl-")
REPEATED = (
    *("a", "0", "a.", "a-", "/", "/.", "/a", "../", "%", "%2", "%2e/", ":"),
    *("{service}", "{service}/", "\\", "\n", "\x00", "\u00e9"),
)


def patterns_in(schema: Any) -> Iterator[str]:
    """Yield the patterns of values and of keys."""
    if isinstance(schema, dict):
        yield from (value for key, value in schema.items() if key == "pattern" and isinstance(value, str))
        yield from schema.get("patternProperties", {})
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from patterns_in(part)


PATTERNS = sorted({one for file in EXAMPLES.parent.glob("*.json") for one in patterns_in(json.loads(file.read_text()))})
MATCHING = {pattern: st.from_regex(pattern) for pattern in PATTERNS}


def test_the_patterns_of_all_four_schemas_are_held() -> None:
    assert len(PATTERNS) > 25


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_python_and_ecma_read_every_pattern_alike(data: st.DataObject) -> None:
    pattern = data.draw(st.sampled_from(PATTERNS))
    text = data.draw(MATCHING[pattern] | st.text(max_size=20))
    place = data.draw(st.integers(0, len(text)))
    odd = text[:place] + data.draw(st.sampled_from(ODD)) + text[place:]
    for one in (text, odd, odd + "\n", odd.upper()):
        assert bool(re.search(pattern, one)) == bool(regress.Regex(pattern, "u").find(one)), one


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_text_as_long_as_a_message_makes_a_pattern_backtrack(pattern: str) -> None:
    """Were the time to grow with the square of the length, one text alone would outlast the limit on a test."""
    for beginning in BEGINNINGS:
        for repeated in REPEATED:
            text = beginning + repeated * (MAX_BYTES // len(repeated))
            assert bool(re.search(pattern, text)) == bool(regress.Regex(pattern, "u").find(text))
