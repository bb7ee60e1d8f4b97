"""How long a release waited and ran is counted once, from its own timeline."""

from dataclasses import replace

import pytest

from interlock.domain.releases.durations import queue_seconds, run_seconds
from interlock.domain.releases.events import Event, ExecutionEnded, RequestReceived, Resume, StartConfirmed
from interlock.domain.releases.model import Result, State
from interlock.services.release_transaction import Applied
from tests.build import JOB, a_release, apply, at
from tests.fakes import MemoryLedger

EXECUTION = f"{JOB}/executions/release-agent-x7k2p"
START = StartConfirmed(1, EXECUTION, None)
END = ExecutionEnded(
    release_id="web-1",
    execution=EXECUTION,
    attempt=1,
    fencing_token=1,
    state=State.SUCCEEDED,
    result=Result(),
    owner=None,
    log_uri=None,
)


class Timeline:
    """A release that is stepped through its life at given seconds."""

    def __init__(self) -> None:
        self.ledger = MemoryLedger()

    def at(self, seconds: float, event: Event) -> Applied:
        return apply(self.ledger, "web-1", event, now=at(seconds))


def waited(applied: Applied) -> float | None:
    assert applied.release
    return queue_seconds(applied.release)


def ran(applied: Applied) -> float | None:
    assert applied.release
    return run_seconds(applied.release)


@pytest.fixture
def timeline() -> Timeline:
    line = Timeline()
    line.at(0, RequestReceived(a_release()))
    return line


def test_a_start_tells_how_long_the_release_waited(timeline: Timeline) -> None:
    assert waited(timeline.at(12, START)) == 12


def test_an_end_tells_how_long_the_release_ran(timeline: Timeline) -> None:
    timeline.at(12, START)
    assert ran(timeline.at(100, END)) == 88


def test_the_same_start_and_the_same_end_announce_nothing_again(timeline: Timeline) -> None:
    assert timeline.at(12, START).is_announced
    assert not timeline.at(13, START).is_announced
    assert timeline.at(100, END).is_announced
    assert not timeline.at(101, END).is_announced


def test_what_has_neither_started_nor_ended_took_no_time(timeline: Timeline) -> None:
    queued = timeline.at(1, Resume())
    assert (waited(queued), ran(queued)) == (None, None)
    assert ran(timeline.at(12, START)) is None


def test_a_rerun_waits_and_runs_by_its_own_clock(timeline: Timeline) -> None:
    timeline.at(1, START)
    timeline.at(2, replace(END, state=State.FAILED))
    again = timeline.at(1000, RequestReceived(a_release(published=1000, message_id="m-2", accepted_at=at(1000))))
    assert again.release
    assert waited(timeline.at(1007, StartConfirmed(again.release.fencing_token, EXECUTION, None))) == 7
    assert ran(timeline.at(1010, replace(END, attempt=2, fencing_token=2))) == 3
