"""The page of the lifecycle asks the machine about everything, and the machine always has an answer."""

from itertools import product
from typing import get_args

import pytest

from interlock.domain.releases.events import Event
from interlock.domain.releases.model import State
from tests.docs.lifecycle_page import CASES, Case, decided

EVERYTHING = tuple(product(CASES, (None, *State)))


def test_every_event_is_on_the_page() -> None:
    assert {type(case.event) for case in CASES} == set(get_args(Event))


@pytest.mark.parametrize(("case", "state"), EVERYTHING, ids=lambda value: getattr(value, "title", value))
def test_every_event_in_every_state_is_a_move_or_a_named_refusal(case: Case, state: State | None) -> None:
    (release, lane), after = decided(case, state)
    has_moved = after.release is not release or after.lane is not lane
    assert has_moved or after.effects
