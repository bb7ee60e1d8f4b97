"""The demo's verdict names each release that did not end as it must."""

from dataclasses import replace
from pathlib import Path

import pytest

from interlock.domain.releases.model import HistoryEntry, Release, Result, State
from interlock_cli.demo.releases import DemoRelease, demo_releases
from interlock_cli.demo.verdict import faults
from tests.build import a_release, at

EXPECTED = DemoRelease(release_id="web-1", shows="", bodies=(), ends="succeeded")


def run(release_id: str, start: float, end: float, state: State = State.SUCCEEDED) -> Release:
    steps = [(State.STARTED, start), (state, end)]
    history = tuple(HistoryEntry(state=one, at=at(when), attempt=1, sequence=1) for one, when in steps)
    return a_release(release_id, state=state, history=history)


def judge(expected: DemoRelease, release: Release | None, *, runs: int = 1, alerted: bool = True) -> list[str]:
    found = {expected.release_id: release} if release else {}
    names = [expected.release_id]
    return list(faults([expected], found, runs=names * runs, alerted=names if alerted else []))


def test_what_ended_as_it_must_passes() -> None:
    assert judge(EXPECTED, run("web-1", 0, 5)) == []


@pytest.mark.parametrize(
    ("expected", "release", "runs", "alerted", "line"),
    [
        (EXPECTED, None, 1, True, "no record"),
        (EXPECTED, run("web-1", 0, 5, State.FAILED), 1, True, "must end succeeded"),
        (EXPECTED, run("web-1", 0, 5), 2, True, "ran 2 times"),
        (EXPECTED, run("web-1", 0, 5), 0, True, "ran 0 times"),
        (replace(EXPECTED, reason="timeout"), replace(run("web-1", 0, 5), result=Result(reason="x")), 1, True, "for x"),
        (replace(EXPECTED, is_alerted=True), run("web-1", 0, 5), 1, False, "must reach an alert"),
    ],
)
def test_what_did_not_is_named(
    expected: DemoRelease, release: Release | None, runs: int, alerted: bool, line: str
) -> None:
    [fault] = judge(expected, release, runs=runs, alerted=alerted)
    assert line in fault


def test_two_at_once_in_one_lane_are_named() -> None:
    found = {"one": run("one", 0, 5), "two": run("two", 4, 8)}
    assert list(faults([], found, runs=[], alerted=[])) == ["one and two ran at the same time in lane staging/web"]


def test_one_after_the_other_passes() -> None:
    found = {"one": run("one", 0, 5), "two": run("two", 5, 8)}
    assert list(faults([], found, runs=[], alerted=[])) == []


def test_every_release_of_the_demo_has_an_id_of_its_own(tmp_path: Path) -> None:
    names = [one.release_id for one in demo_releases(tmp_path / "a.zip", tmp_path / "runs")]
    assert len(names) == len(set(names))
