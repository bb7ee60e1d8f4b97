"""A function is killed with its whole instance at one point after the other; no release notices."""

import pytest

from local import names
from tests.e2e.stack import wait_until
from tests.faults.bench import GONE, SCRIPT, Bench

DISPATCH = (
    ("before_claim",),
    ("after_claim",),
    ("after_run_job",),
    ("after_confirm",),
    ("after_telling_started",),
    ("after_claim", "after_run_job"),
)
"""Where dispatch_release dies; the last dies again on the start that takes the first claim over."""

REPORT = (("before_close",), ("after_close",), ("after_telling_succeeded",))


@pytest.mark.parametrize("points", DISPATCH, ids=" and ".join)
def test_a_release_outlives_a_killed_dispatch(bench: Bench, points: tuple[str, ...]) -> None:
    request = bench.request("dispatch")
    release_id = request["release_id"]
    before = bench.stack.pid("dispatch_release")
    for point in points:
        bench.faults.arm(release_id, point)

    with bench.news() as news:
        bench.stack.publish(request)
        states = news.until(release_id, "succeeded")

    assert states == ["started", "succeeded"]
    assert bench.stack.closed(release_id).state == "succeeded"
    assert bench.faults.armed(release_id) == []
    assert bench.runs(release_id) == 1
    wait_until(lambda: bench.stack.pid("dispatch_release") != before)


def test_an_execution_that_runs_is_adopted_after_its_starter_was_killed(bench: Bench) -> None:
    request = bench.request("adopted", script=f"{SCRIPT}; until [ -e {bench.armed}/door ]; do sleep 0.1; done")
    release_id = request["release_id"]
    bench.faults.arm(release_id, "after_run_job")

    bench.stack.publish(request)
    wait_until(lambda: bench.state(release_id) == "started")
    (bench.armed / "door").touch()
    release = bench.stack.closed(release_id)

    assert (release.state, release.starts) == ("succeeded", 2)
    assert bench.executions(release_id) == [release.execution]
    assert bench.faults.armed(release_id) == []
    assert bench.runs(release_id) == 1


def test_a_dead_letter_outlives_a_dispatch_killed_after_it(bench: Bench) -> None:
    request = bench.request("buried", service=GONE)
    release_id = request["release_id"]
    before = bench.stack.pid("dispatch_release")
    bench.faults.arm(release_id, "after_dead_letter")

    with bench.news() as news, bench.stack.tail(names.DEAD_LETTERS) as letters:
        bench.stack.publish(request)
        states = news.until(release_id, "errored")
        wait_until(lambda: any(letter["release_id"] == release_id for letter in letters.pull()))
        wait_until(lambda: bench.stack.pid("dispatch_release") != before)
        wait_until(lambda: bench.stack.closed(release_id).outbox.is_empty)

    assert states == ["errored"]
    assert bench.faults.armed(release_id) == []
    assert bench.runs(release_id) == 0


@pytest.mark.parametrize("points", REPORT, ids=" and ".join)
def test_a_release_and_the_next_in_its_lane_outlive_a_killed_report(bench: Bench, points: tuple[str, ...]) -> None:
    first = bench.request("first", script=f"sleep 1.5; {SCRIPT}")
    second = bench.request("second", target_env=first["target_env"])
    before = bench.stack.pid("report_status")
    for point in points:
        bench.faults.arm(first["release_id"], point)

    with bench.news() as news:
        bench.stack.publish(first)
        wait_until(lambda: bench.stack.release(first["release_id"]))
        bench.stack.publish(second)
        told_first = news.until(first["release_id"], "succeeded")
        told_second = news.until(second["release_id"], "succeeded")

    assert told_first == ["started", "succeeded"]
    assert told_second == ["queued", "started", "succeeded"]
    assert bench.faults.armed(first["release_id"]) == []
    assert (bench.runs(first["release_id"]), bench.runs(second["release_id"])) == (1, 1)
    wait_until(lambda: bench.stack.pid("report_status") != before)


def test_the_next_in_the_lane_is_started_once_though_the_report_died_after_its_resume(bench: Bench) -> None:
    first = bench.request("first", script=f"sleep 1.5; {SCRIPT}")
    second = bench.request("second", target_env=first["target_env"])
    bench.faults.arm(second["release_id"], "after_resume")

    with bench.news() as news:
        bench.stack.publish(first)
        wait_until(lambda: bench.stack.release(first["release_id"]))
        bench.stack.publish(second)
        states = news.until(second["release_id"], "succeeded")

    assert states == ["queued", "started", "succeeded"]
    assert bench.faults.armed(second["release_id"]) == []
    assert (bench.runs(first["release_id"]), bench.runs(second["release_id"])) == (1, 1)
