"""When reconcile must look at a release again, after somebody who looked was killed before saying what was seen."""

from datetime import timedelta

from interlock.domain.releases.reconcile_schedule import QUEUED_EVERY, RETRIED_EVERY, due_at
from tests.build import a_release, at


def test_a_release_put_back_for_overload_is_due_soon_after_a_look_that_came_to_nothing() -> None:
    looked_at = a_release(not_before=at(5), checked_at=at(6))
    assert due_at(looked_at) == at(6) + RETRIED_EVERY < at(6) + timedelta(minutes=1)


def test_a_release_that_was_not_closed_when_its_time_ran_out_is_due_soon_again() -> None:
    looked_at = a_release(not_after=at(5), checked_at=at(6))
    assert due_at(looked_at) == at(6) + RETRIED_EVERY


def test_a_release_that_merely_waits_is_due_seldom() -> None:
    assert due_at(a_release(checked_at=at(6))) == at(6) + QUEUED_EVERY
