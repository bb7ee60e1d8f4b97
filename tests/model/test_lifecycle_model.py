"""The lifecycle holds in every life that can be thought up: crashes, doubles, delays, and several at once."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.machine import Life

CALM = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
QUICK = settings(CALM, max_examples=60, stateful_step_count=40, derandomize=True)
LONG = settings(CALM, max_examples=500, stateful_step_count=60)


def test_no_release_is_lost_doubled_or_overtaken() -> None:
    run_state_machine_as_test(Life, settings=QUICK)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_no_release_is_lost_doubled_or_overtaken_in_twenty_thousand_steps() -> None:
    run_state_machine_as_test(Life, settings=LONG)
