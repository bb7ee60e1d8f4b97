"""How long a release waited and ran is counted once, from its own timeline."""

from dataclasses import replace

import pytest

from interlock.domain.releases.durations import queue_seconds, run_seconds
from interlock.domain.releases.effects import Effect
from interlock.domain.releases.events import Event, ExecutionEnded, RequestReceived, Resume, StartConfirmed
from interlock.domain.releases.model import Release, Result, State
from interlock.services.release_step import Applied, first_keys, step
from tests.build import JOB, LIMITS, a_release, at
from tests.fakes import MemoryLedger

EXECUTION = f"{JOB}/executions/release-agent-x7k2p"
START = StartConfirmed(1, EXECUTION, None)
END = ExecutionEnded(
    execution=EXECUTION, attempt=1, fence=1, state=State.SUCCEEDED, result=Result(), owner=None, log_uri=None
)


class Timeline:
    """A release that is stepped through its life at given seconds."""

    def __init__(self) -> None:
        self.ledger = MemoryLedger()

    def at(self, seconds: float, event: Event) -> Applied:
        decision = step("web-1", event, now=at(seconds), limits=LIMITS)
        return self.ledger.transact(first_keys("web-1", event), decision)


def _after(applied: Applied) -> tuple[Release | None, tuple[Effect, ...]]:
    return applied.release, applied.effects


@pytest.fixture
def timeline() -> Timeline:
    line = Timeline()
    line.at(0, RequestReceived(a_release()))
    return line


def test_a_start_tells_how_long_the_release_waited(timeline: Timeline) -> None:
    assert queue_seconds(START, *_after(timeline.at(12, START))) == 12


def test_an_end_tells_how_long_the_release_ran(timeline: Timeline) -> None:
    timeline.at(12, START)
    assert run_seconds(END, *_after(timeline.at(100, END))) == 88


def test_the_same_start_and_the_same_end_are_counted_once(timeline: Timeline) -> None:
    timeline.at(12, START)
    assert queue_seconds(START, *_after(timeline.at(13, START))) is None
    timeline.at(100, END)
    assert run_seconds(END, *_after(timeline.at(101, END))) is None


def test_what_neither_starts_nor_ends_took_no_time(timeline: Timeline) -> None:
    started = timeline.at(12, START)
    assert (queue_seconds(Resume(), *_after(started)), run_seconds(START, *_after(started))) == (None, None)
    assert run_seconds(END, None, ()) is None


def test_a_rerun_waits_and_runs_by_its_own_clock(timeline: Timeline) -> None:
    timeline.at(1, START)
    timeline.at(2, replace(END, state=State.FAILED))
    again = timeline.at(1000, RequestReceived(a_release(published=1000, message_id="m-2", accepted_at=at(1000))))
    assert again.release
    start = StartConfirmed(again.release.fence, EXECUTION, None)
    assert queue_seconds(start, *_after(timeline.at(1007, start))) == 7
    assert run_seconds(replace(END, attempt=2), *_after(timeline.at(1010, replace(END, attempt=2, fence=2)))) == 3
