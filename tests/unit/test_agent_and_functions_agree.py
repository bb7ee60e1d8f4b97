"""Two rules stand in the functions and in the agent, as neither may import the other; both give the same answers.

A source that the functions let pass and the agent refuses is a release that fails for a reason its author never saw;
a credential that only one of them knows leaves by the other.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.domain import redaction
from interlock.domain.requests import source_policy
from interlock_agent.masking.mask import Mask
from interlock_agent.sources import allowed_sources
from tests.secret_examples import HARMLESS, PAIRS, SHAPES
from tests.source_examples import ADMITTED, NOT_ADMITTED

SECRET_PARTS = ("Example0", "EXAMPLE0", "eyJ", "hunter", "ter2", "hun@", "aHVudGVyMg")
PREFIXES = ["", "https://", "gs://", "gs://b/x/", "https://a.b", "https://a.b:8443/x", "file:///srv", "http://[::1]"]
PIECES = [
    "/",
    "..",
    ".",
    "x",
    "y",
    "%2e%2e",
    "%2f",
    "%5c",
    "%00",
    "%20",
    "%0a",
    "%25",
    "\\",
    " ",
    "@",
    ":",
    "#",
    "?",
    "A.B",
]


@pytest.mark.parametrize(("uri", "prefix"), [*ADMITTED, *NOT_ADMITTED])
def test_a_source_is_allowed_by_both_or_by_neither(uri: str, prefix: str) -> None:
    expected = (uri, prefix) in ADMITTED
    assert (source_policy.is_admitted(uri, prefix), allowed_sources.is_admitted(uri, prefix)) == (expected, expected)


@given(st.sampled_from(PREFIXES), st.lists(st.sampled_from(PIECES) | st.text(max_size=3)), st.sampled_from(PREFIXES))
def test_no_spelling_of_a_source_is_allowed_by_one_alone(start: str, pieces: list[str], prefix: str) -> None:
    uri = start + "".join(pieces)
    assert source_policy.is_admitted(uri, prefix) == allowed_sources.is_admitted(uri, prefix)


@pytest.mark.parametrize("text", [*SHAPES.values(), *PAIRS])
def test_a_credential_leaves_neither_the_functions_nor_the_agent(text: str) -> None:
    assert any(part in text for part in SECRET_PARTS)
    for shown in (redaction.redact_text(text), Mask()(text)):
        assert [part for part in SECRET_PARTS if part in shown] == []


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_credential_stays_in_both(text: str) -> None:
    assert (redaction.redact_text(text), Mask()(text)) == (text, text)
