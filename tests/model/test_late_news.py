"""Lives in which news come early, late or of the wrong one; random search finds them now and then."""

from datetime import timedelta

from interlock.domain.releases.model import State
from tests.model.cloud_run import Answer, End
from tests.model.machine import Life
from tests.model.pubsub import COMPLETIONS
from tests.model.rules import check

AFTER_RUN_JOB = 3
"""The boundary between Cloud Run's answer and the ledger's confirmation."""


def end(life: Life, how: End) -> None:
    """Let the newest execution run its script and end, and its end be told."""
    execution = list(life.world.cloud_run.open())[-1]
    life.world.cloud_run.begin(execution)
    life.world.end(execution, how=how)
    life.world.deliver(life.world.pubsub.held[-1])
    check(life.world)


def test_an_end_that_comes_before_its_start_is_confirmed_stands(life: Life) -> None:
    life.publish(is_task=True, env="fifo")
    life.world.fuse.arm(AFTER_RUN_JOB, lambda _: end(life, End.SUCCEEDED))
    life.world.deliver(life.world.pubsub.held[-1])
    check(life.world)
    assert life.state() is State.SUCCEEDED


def test_the_end_of_an_earlier_attempt_does_not_end_the_rerun(life: Life) -> None:
    life.send()
    end(life, End.FAILED)
    life.world.publish(life.bodies[0])
    life.deliver_everything()
    [told] = [one for one in life.world.pubsub.acknowledged if one.topic == COMPLETIONS]
    life.world.deliver(told)
    check(life.world)
    assert (life.world.ledger.releases["r0"].attempt, life.state()) == (2, State.STARTED)


def test_a_request_published_before_the_end_does_not_run_again(life: Life) -> None:
    life.send()
    life.world.publish(life.bodies[0])
    early = life.world.pubsub.held[-1]
    life.world.clock.forward(seconds=1)
    end(life, End.FAILED)
    life.world.deliver(early)
    check(life.world)
    assert (life.world.ledger.releases["r0"].attempt, life.state()) == (1, State.FAILED)


def test_an_older_release_that_comes_late_gives_way_to_the_newer(life: Life) -> None:
    life.send("newest")
    life.publish(is_task=False, env="newest")
    late = life.world.pubsub.held[-1]
    life.send("newest", is_task=False)
    life.world.deliver(late)
    check(life.world)
    assert (life.state("r1"), life.state("r2")) == (State.SUPERSEDED, State.QUEUED)


def test_an_execution_that_stood_back_does_not_close_its_release(life: Life) -> None:
    life.world.cloud_run.lag = timedelta(hours=1)
    life.world.cloud_run.answers[:] = [Answer.HIDDEN]
    life.send()
    life.time_passes_and_everyone_works(minutes=1)
    owner, stray = life.world.cloud_run.open()
    life.world.cloud_run.begin(owner)
    end(life, End.SUCCEEDED)
    assert (stray.runs_script, life.state()) == (False, State.STARTED)
