"""What becomes of releases when eight workers contend for one lane, on both ledgers."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from interlock.bootstrap import open_ledger
from tests.model.cloud_run import Answer, End
from tests.model.faults import crash
from tests.model.pubsub import COMPLETIONS
from tests.scenarios.contest import Contest

NINE = tuple(f"r{number}" for number in range(1, 10))
FOUR = NINE[:4]
CROWD = tuple(f"r{number:02}" for number in range(1, 41))


@pytest.fixture(params=["sqlite", "firestore"])
def contest(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Contest:
    if request.param == "sqlite":
        return Contest(lambda: open_ledger(f"sqlite://{tmp_path}/ledger.db"))
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", request.getfixturevalue("firestore_emulator").address)
    project = f"test-{uuid4().hex[:12]}"
    return Contest(lambda: open_ledger(f"firestore://{project}/(default)"))


def test_those_who_wait_run_one_by_one_in_the_order_of_their_publication(contest: Contest) -> None:
    contest.send("r0")
    contest.work()
    contest.send(*NINE)
    contest.finish()
    assert contest.ran == ["r0", *NINE]


def test_of_those_who_come_at_once_to_a_free_lane_each_runs_once_and_alone(contest: Contest) -> None:
    contest.send(*NINE)
    contest.finish()
    assert Counter(contest.ran) == dict.fromkeys(NINE, 1)


def test_an_older_release_that_comes_late_takes_its_place_among_those_who_wait(contest: Contest) -> None:
    contest.send("r0")
    contest.work()
    contest.send("older", "newer")
    older = contest.pubsub.held.pop(0)
    contest.work()
    contest.pubsub.held.append(older)
    contest.finish()
    assert contest.ran == ["r0", "older", "newer"]


def test_of_those_who_wait_only_the_newest_runs(contest: Contest) -> None:
    contest.send("r0", env="newest")
    contest.work()
    contest.send(*NINE, env="newest")
    contest.finish()
    assert contest.ran == ["r0", "r9"]
    assert contest.states == {"r0": "succeeded", **dict.fromkeys(NINE, "superseded"), "r9": "succeeded"}


def test_a_lane_that_rejects_takes_one_of_those_who_come_at_once(contest: Contest) -> None:
    contest.send(*NINE, env="reject")
    contest.work()
    contest.finish()
    assert Counter(contest.states.values()) == {"succeeded": 1, "rejected": 8}


def test_a_parallel_lane_runs_as_many_at_once_as_it_may(contest: Contest) -> None:
    contest.send(*NINE, env="three")
    contest.work()
    assert len(list(contest.cloud_run.open())) == 3
    contest.finish()
    assert Counter(contest.ran) == dict.fromkeys(NINE, 1)


def test_a_queue_takes_no_more_than_it_holds(contest: Contest) -> None:
    contest.send("r0", env="fifo")
    contest.work()
    contest.send(*NINE, env="fifo")
    contest.finish()
    assert Counter(contest.states.values()) == {"succeeded": 3, "rejected": 7}


def test_one_request_that_comes_nine_times_at_once_runs_once(contest: Contest) -> None:
    contest.send(*["r0"] * 9)
    contest.finish()
    assert contest.ran == ["r0"]
    assert len(contest.cloud_run.executions) == 1


def test_one_id_for_two_requests_runs_for_one_of_them(contest: Contest) -> None:
    contest.send("r0")
    contest.send("r0", params={"OTHER": True})
    contest.finish()
    assert contest.ran == ["r0"]
    assert Counter(one.result.reason for one in contest.ledger.releases.values()) == {None: 1, "id_conflict": 1}


def test_a_cancel_reaches_who_waits_at_once_and_who_runs_through_its_execution(contest: Contest) -> None:
    contest.send("r0")
    contest.work()
    contest.send("r1", "r2")
    contest.work()
    contest.ask(cancel="r0")
    contest.ask(cancel="r1")
    contest.work()
    assert contest.states == {"r0": "started", "r1": "cancelled", "r2": "queued"}
    contest.finish()
    assert contest.states == {"r0": "cancelled", "r1": "cancelled", "r2": "succeeded"}


def test_a_cancel_that_races_the_end_changes_nothing_that_was_true(contest: Contest) -> None:
    contest.send("r0")
    contest.work()
    [execution] = contest.cloud_run.open()
    contest.cloud_run.begin(execution)
    contest.end(execution, how=End.SUCCEEDED, entries=2)
    contest.ask(cancel="r0")
    contest.finish()
    assert contest.states == {"r0": "succeeded"}


def test_a_rerun_runs_once_whatever_is_still_told_of_the_attempt_before(contest: Contest) -> None:
    contest.send("r0")
    contest.work()
    contest.run_scripts(End.FAILED, entries=2)
    assert contest.states == {"r0": "failed"}
    contest.send(*["r0"] * 3)
    contest.pubsub.held += [one for one in contest.pubsub.acknowledged if one.topic == COMPLETIONS]
    contest.finish()
    assert contest.ran == ["r0", "r0"]
    assert contest.ledger.releases["r0"].attempt == 2
    assert contest.states == {"r0": "succeeded"}


def a_start_in_doubt(contest: Contest, *, listed_after: timedelta = timedelta()) -> None:
    """Have r0 started and the answer lost; its execution is listed this much later."""
    contest.cloud_run.answers[:] = [Answer.HIDDEN]
    contest.cloud_run.lag = listed_after
    contest.send("r0")
    contest.work()


def test_a_start_whose_answer_was_lost_is_adopted(contest: Contest) -> None:
    a_start_in_doubt(contest)
    assert contest.states == {"r0": "starting"}
    contest.later()
    assert contest.states == {"r0": "started"}
    contest.finish()
    assert len(contest.cloud_run.executions) == 1


def test_a_start_that_is_listed_late_runs_its_script_once(contest: Contest) -> None:
    a_start_in_doubt(contest, listed_after=timedelta(minutes=5))
    contest.send("r1")
    contest.later()
    contest.finish()
    assert contest.ran == ["r0", "r1"]
    assert len(contest.cloud_run.executions) == 3


def test_the_end_of_an_execution_that_stood_back_closes_nothing(contest: Contest) -> None:
    a_start_in_doubt(contest, listed_after=timedelta(minutes=5))
    contest.later()
    for execution in tuple(contest.cloud_run.open()):
        contest.cloud_run.begin(execution)
    _owner, stray = contest.cloud_run.executions.values()
    contest.end(stray, how=End.SUCCEEDED, entries=3)
    contest.work()
    assert contest.states == {"r0": "started"}
    contest.run_scripts(End.FAILED, entries=2)
    assert contest.states == {"r0": "failed"}
    contest.finish()


def test_overload_puts_nobody_on_the_dead_letter_topic_and_keeps_the_order(contest: Contest) -> None:
    contest.send("r0")
    contest.work()
    contest.send(*NINE)
    contest.work()
    contest.cloud_run.answers[:] = [Answer.OVERLOADED] * 5
    contest.finish()
    assert contest.ran == ["r0", *NINE]


def test_a_release_whose_time_runs_out_while_it_waits_expires(contest: Contest) -> None:
    contest.send("r0")
    contest.work()
    contest.send("r1", not_after=(contest.clock() + timedelta(seconds=90)).isoformat())
    contest.send("r2")
    contest.work()
    contest.later(minutes=2)
    assert contest.states == {"r0": "started", "r1": "expired", "r2": "queued"}
    contest.finish()
    assert contest.states == {"r0": "succeeded", "r1": "expired", "r2": "succeeded"}


def test_ends_that_nobody_told_are_found_once_by_eight_reconciles_at_once(contest: Contest) -> None:
    contest.send(*NINE, env="parallel")
    contest.work()
    for _ in range(len(NINE)):
        contest.run_scripts(entries=0)
        contest.later()
    assert contest.states == dict.fromkeys(NINE, "succeeded")
    contest.finish()
    closing = [one.attributes["ce-id"] for one in contest.pubsub.told if "outcome" in one.attributes]
    assert len(closing) == len(set(closing)) == len(NINE)


def test_executions_that_cloud_run_has_forgotten_are_given_up_after_the_grace(contest: Contest) -> None:
    contest.send("r0")
    contest.work()
    contest.send("r1")
    contest.work()
    [execution] = contest.cloud_run.open()
    contest.end(execution, how=End.FAILED, entries=0)
    execution.is_forgotten = True
    contest.later(minutes=5)
    assert contest.states == {"r0": "started", "r1": "queued"}
    contest.later(minutes=6)
    assert contest.ledger.releases["r0"].result.reason == "execution_lost"
    contest.finish()
    assert contest.ran == ["r1"]


def assert_outlives_its_worker(contest: Contest, boundary: int) -> None:
    """Lose whichever worker is the first to pass so many boundaries; releases that wait must not notice."""
    contest.fuse.arm(boundary, crash)
    contest.send(*FOUR)
    contest.finish()
    assert contest.fuse.action is None, "nobody was lost"
    assert Counter(contest.ran) == dict.fromkeys(FOUR, 1)
    assert contest.states == dict.fromkeys(FOUR, "succeeded")


@pytest.mark.parametrize("boundary", [3, 12, 31])
def test_a_worker_lost_among_eight_loses_nothing_and_doubles_nothing(contest: Contest, boundary: int) -> None:
    assert_outlives_its_worker(contest, boundary)


@pytest.mark.slow
@pytest.mark.parametrize("boundary", range(100))
def test_wherever_a_worker_is_lost_nothing_is_lost_or_doubled(contest: Contest, boundary: int) -> None:
    assert_outlives_its_worker(contest, boundary)


@pytest.mark.slow
def test_a_crowd_in_one_lane_runs_one_by_one_whatever_else_is_going_on(contest: Contest) -> None:
    contest.send("r0")
    contest.work()
    contest.send(*CROWD)
    contest.cloud_run.answers[:] = [Answer.HIDDEN, Answer.OVERLOADED] * 5
    contest.work()
    for release_id in CROWD[::7]:
        contest.ask(cancel=release_id)
    contest.finish()
    runners = [one for one in CROWD if one not in CROWD[::7]]
    assert contest.ran == ["r0", *runners]
