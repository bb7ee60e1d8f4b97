"""Which URIs a prefix admits; the wrong ones are dressed to look right."""

import pytest

from interlock_agent.sources.allowed_sources import is_admitted, is_allowed
from tests.source_examples import ADMITTED, NOT_ADMITTED


@pytest.mark.parametrize(("uri", "prefix"), ADMITTED)
def test_a_uri_below_the_prefix_is_admitted(uri: str, prefix: str) -> None:
    assert is_admitted(uri, prefix)


@pytest.mark.parametrize(("uri", "prefix"), NOT_ADMITTED)
def test_a_uri_elsewhere_is_not_admitted(uri: str, prefix: str) -> None:
    assert not is_admitted(uri, prefix)


def test_one_prefix_of_several_is_enough_and_none_admits_nothing() -> None:
    assert is_allowed("gs://b/a", ["https://", "gs://b"])
    assert not is_allowed("gs://b/a", [])
