"""The lifecycle holds in every life that can be thought up: crashes, doubles, delays, and several at once."""

import pytest
from hypothesis import settings

from tests.model.search import CALM, LONG, live

QUICK = settings(CALM, max_examples=60, stateful_step_count=40, derandomize=True)


def test_no_release_is_lost_doubled_or_overtaken() -> None:
    live(QUICK)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_no_release_is_lost_doubled_or_overtaken_in_twenty_thousand_steps() -> None:
    assert live(settings(LONG, derandomize=True)) >= 20_000
