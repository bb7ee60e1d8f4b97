"""Lives that random search finds rarely: starts nobody knows of, and what must not be decided before they are seen."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from interlock.domain.releases.model import State
from tests.model.cloud_run import Answer, End
from tests.model.machine import Life
from tests.model.pubsub import Held
from tests.model.rules import check


def a_release(life: Life, *answers: Answer, env: str = "fifo") -> State:
    life.world.cloud_run.answers[:] = answers
    life.send(env)
    return life.state()


def deliver_all(life: Life, messages: Sequence[Held]) -> None:
    for held in messages:
        life.world.deliver(held)


def scripts(life: Life) -> list[str]:
    """Return the releases whose script ran, in the order of their executions."""
    return [one.release_id for one in life.world.cloud_run.executions.values() if one.runs_script]


def agents_come_up(life: Life) -> None:
    for execution in tuple(life.world.cloud_run.open()):
        life.world.cloud_run.begin(execution)
    check(life.world)


def test_the_last_start_is_looked_for_before_starts_are_called_exhausted(life: Life) -> None:
    a_release(life, Answer.LOST, Answer.HIDDEN)
    life.time_passes_and_everyone_works(minutes=1)
    agents_come_up(life)
    life.time_passes_and_everyone_works(minutes=1)
    check(life.world)
    assert life.state() is State.STARTED


def test_starts_that_left_no_execution_are_exhausted(life: Life) -> None:
    a_release(life, Answer.LOST, Answer.LOST)
    life.time_passes_and_everyone_works(minutes=1)
    life.time_passes_and_everyone_works(minutes=1)
    assert life.state() is State.ERRORED
    assert life.world.ledger.releases["r0"].result.reason == "start_exhausted"


@pytest.mark.parametrize("answer", [Answer.REFUSED, Answer.OVERLOADED])
def test_a_refused_second_start_does_not_give_the_lane_away_while_the_first_may_run(life: Life, answer: Answer) -> None:
    life.world.cloud_run.lag = timedelta(seconds=90)
    a_release(life, Answer.HIDDEN, answer)
    life.send()
    life.time_passes_and_everyone_works(minutes=1)
    agents_come_up(life)
    life.time_passes_and_everyone_works(minutes=1)
    check(life.world)
    assert (life.state(), life.state("r1")) == (State.STARTED, State.QUEUED)


def test_a_cancelled_claim_that_expires_is_not_started_again(life: Life) -> None:
    a_release(life, Answer.LOST)
    life.world.cancel("r0")
    life.deliver_everything()
    life.time_passes_and_everyone_works(minutes=1)
    assert life.state() is State.CANCELLED
    assert not life.world.cloud_run.executions


def test_a_cancelled_claim_whose_execution_turns_up_is_stopped(life: Life) -> None:
    a_release(life, Answer.HIDDEN)
    life.world.cancel("r0")
    life.deliver_everything()
    life.time_passes_and_everyone_works(minutes=1)
    [execution] = life.world.cloud_run.open()
    assert execution.stop_asked
    life.world.end(execution, how=End.CANCELLED)


def test_a_newer_release_that_finds_the_queue_full_replaces_nobody(life: Life) -> None:
    life.world.cloud_run.answers[:] = [Answer.OVERLOADED]
    for is_task in (True, True, False):
        life.publish(is_task, env="newest")
    first, *others = life.world.pubsub.held
    life.world.fuse.arm(2, lambda _: deliver_all(life, others))
    life.world.deliver(first)
    life.send("newest", is_task=False)
    check(life.world)
    states = [life.state(f"r{number}") for number in range(4)]
    assert states == [State.QUEUED, State.QUEUED, State.QUEUED, State.REJECTED]


def test_a_start_that_turns_up_after_its_release_was_given_up_runs_nothing(life: Life) -> None:
    life.world.cloud_run.lag = timedelta(hours=1)
    a_release(life, Answer.HIDDEN, Answer.REFUSED)
    life.send()
    for _ in range(3):
        life.time_passes_and_everyone_works(minutes=1)
    assert (life.state(), life.state("r1")) == (State.ERRORED, State.STARTED)
    agents_come_up(life)
    assert scripts(life) == ["r1"]


def test_a_hidden_start_is_kept_from_running_when_the_second_ended_before_its_agent(life: Life) -> None:
    life.world.cloud_run.lag = timedelta(hours=1)
    a_release(life, Answer.HIDDEN)
    life.send()
    life.time_passes_and_everyone_works(minutes=1)
    _hidden, second = life.world.cloud_run.open()
    life.world.end(second, how=End.FAILED)
    life.deliver_everything()
    life.time_passes_and_everyone_works(minutes=1)
    assert (life.state(), life.state("r1")) == (State.FAILED, State.STARTED)
    agents_come_up(life)
    assert scripts(life) == ["r1"]


def test_an_agent_that_comes_up_between_the_look_and_the_seal_is_adopted(life: Life) -> None:
    life.world.cloud_run.lag = timedelta(hours=1)
    a_release(life, Answer.HIDDEN, Answer.REFUSED)
    life.time_passes_and_everyone_works(minutes=1)
    agents_come_up(life)
    life.time_passes_and_everyone_works(minutes=1)
    assert life.state() is State.STARTED
