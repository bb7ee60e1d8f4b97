"""The judge of a soak finds each thing that can be amiss; one that finds nothing proves nothing."""

from dataclasses import replace

import pytest

from interlock.domain.releases.lane import Lane, Waiting
from interlock.domain.releases.model import Outbox, Release, State
from tests.build import a_release, at
from tests.faults.heard import Heard
from tests.faults.tally import Mark
from tests.soak.soak import Soaked
from tests.soak.verdict import Traces, judge

IDS = ("soak-1", "soak-2")


def closed(release_id: str, *, published: float) -> Release:
    return a_release(release_id, published=published, state=State.SUCCEEDED)


def marks(*words: str) -> list[Mark]:
    """Return the marks `start soak-1`, `end soak-1` and so on, one second apart, all of one lane."""
    pairs = [word.split() for word in words]
    return [Mark(word, at(second).timestamp(), "lane", one) for second, (word, one) in enumerate(pairs)]


def heard(**closing: str) -> Heard:
    found = Heard()
    for release_id, state in closing.items():
        name = release_id.replace("_", "-")
        found.take({"release_id": name, "state": "queued"}, f"{name}/1/1", at(0).timestamp())
        found.take({"release_id": name, "state": state, "outcome": "any"}, f"{name}/1/2", at(9).timestamp())
    return found


ONE_AFTER_THE_OTHER = marks("start soak-1", "end soak-1", "start soak-2", "end soak-2")
CLEAN = Traces(
    marks=ONE_AFTER_THE_OTHER,
    heard=heard(soak_1="succeeded", soak_2="succeeded"),
    releases={"soak-1": closed("soak-1", published=1), "soak-2": closed("soak-2", published=2)},
    lanes=(),
)


def test_a_soak_in_which_all_went_well_is_clean() -> None:
    assert judge(IDS, CLEAN).is_clean


@pytest.mark.parametrize(
    "traces",
    [
        replace(CLEAN, marks=marks("start soak-1", "end soak-1")),
        replace(CLEAN, marks=ONE_AFTER_THE_OTHER[:3]),
        replace(CLEAN, heard=heard(soak_1="succeeded")),
        replace(CLEAN, heard=heard(soak_1="succeeded", soak_2="errored")),
    ],
    ids=["never ran", "never ended", "never told", "told to have failed"],
)
def test_a_release_that_came_to_nothing_is_lost(traces: Traces) -> None:
    assert judge(IDS, traces).lost == ["soak-2"]


def test_a_script_that_ran_twice_is_doubled() -> None:
    again = [*ONE_AFTER_THE_OTHER, *marks("start soak-1", "end soak-1")]
    assert judge(IDS, replace(CLEAN, marks=again)).doubled == ["soak-1"]


def test_a_release_told_closed_under_two_ids_is_doubled_and_one_told_again_is_not() -> None:
    told = heard(soak_1="succeeded", soak_2="succeeded")
    event = {"release_id": "soak-1", "state": "succeeded", "outcome": "any"}
    told.take(event, "soak-1/1/2", at(10).timestamp())
    assert judge(IDS, replace(CLEAN, heard=told)).is_clean
    told.take(event, "soak-1/1/3", at(11).timestamp())
    assert judge(IDS, replace(CLEAN, heard=told)).doubled == ["soak-1"]


def test_two_scripts_at_once_in_one_lane_overlap() -> None:
    both = marks("start soak-1", "start soak-2", "end soak-1", "end soak-2")
    assert judge(IDS, replace(CLEAN, marks=both)).overlapping == ["soak-1 and soak-2"]


def test_two_scripts_at_once_in_two_lanes_do_not() -> None:
    both = marks("start soak-1", "start soak-2", "end soak-1", "end soak-2")
    apart = [replace(mark, lane=mark.release_id) for mark in both]
    assert judge(IDS, replace(CLEAN, marks=apart)).is_clean


def test_a_release_that_ran_before_an_older_one_that_waited_has_overtaken_it() -> None:
    ids = (*IDS, "soak-3")
    traces = replace(
        CLEAN,
        marks=marks("start soak-1", "end soak-1", "start soak-3", "end soak-3", "start soak-2", "end soak-2"),
        heard=heard(soak_1="succeeded", soak_2="succeeded", soak_3="succeeded"),
        releases={**CLEAN.releases, "soak-3": closed("soak-3", published=3)},
    )
    assert judge(ids, traces).overtaken == ["soak-2 by soak-3"]


@pytest.mark.parametrize(
    "traces",
    [
        replace(CLEAN, releases={"soak-1": a_release("soak-1", state=State.STARTED)}),
        replace(CLEAN, releases={"soak-1": replace(CLEAN.releases["soak-1"], outbox=Outbox(resumes=("soak-2",)))}),
        replace(CLEAN, lanes=(Lane(key="lane", holders=("soak-1",)),)),
        replace(CLEAN, lanes=(Lane(key="lane", queue=(Waiting(at(1), "soak-1"),)),)),
    ],
    ids=["open", "unsent news", "a lane held", "a lane waited for"],
)
def test_what_is_not_over_is_left_over(traces: Traces) -> None:
    assert len(judge(IDS, traces).left_over) == 1
    assert not judge(IDS, traces).is_clean


def test_a_soak_in_which_too_little_went_wrong_proves_nothing() -> None:
    verdict = judge(IDS, CLEAN)
    assert Soaked(verdict=verdict, missing=(), figures={}).is_proof
    assert not Soaked(verdict=verdict, missing=["a kill"], figures={}).is_proof
