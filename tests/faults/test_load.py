"""500 releases at once over 50 lanes: each runs once, none beside another of its lane, first come first served."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from google.pubsub_v1.types import PubsubMessage

from interlock_local.stack import names
from tests.e2e.stack import Stack, Tail, plan_for
from tests.faults.heard import Heard
from tests.faults.tally import SCRIPT, lanes, overlaps, overtaken, read

RELEASES, LANES = 500, 50
WITHIN_SECONDS = 900.0


def bodies(stack: Stack, tally: Path) -> Iterator[dict[str, Any]]:
    template = stack.a_request(script=SCRIPT, params={"TALLY": str(tally)})
    for number in range(RELEASES):
        yield {**template, "release_id": f"load-{number:03}", "service": f"lane-{number % LANES:02}"}


def listen(tail: Tail) -> Heard:
    """Listen until all releases are told closed."""
    heard = Heard()
    deadline = time.monotonic() + WITHIN_SECONDS
    while len(heard.closed) < RELEASES:
        assert time.monotonic() < deadline, f"{len(heard.closed)} of {RELEASES} closed"
        heard.listen(tail)
        time.sleep(0.5)
    return heard


@pytest.mark.slow
@pytest.mark.timeout(WITHIN_SECONDS + 100)
def test_500_releases_at_once_over_50_lanes_run_once_each_and_in_order(
    tmp_path: Path, ends: Callable[..., object], capsys: pytest.CaptureFixture[str]
) -> None:
    tally = tmp_path / "tally"
    stack = Stack(plan_for(tmp_path / "state"))
    ends(stack.down)
    stack.up()
    messages = [PubsubMessage(data=json.dumps(body).encode()) for body in bodies(stack, tally)]
    with stack.tail() as tail, stack.tail(names.DEAD_LETTERS) as letters:
        begin = time.monotonic()
        stack.publisher.publish(topic=names.REQUESTS, messages=messages, timeout=60)
        heard = listen(tail)
        seconds = time.monotonic() - begin
        assert letters.pull() == []

    marks = read(tally)
    assert [list(states.values()) for states in heard.closed.values()] == [["succeeded"]] * RELEASES
    assert Counter(Counter(mark.release_id for mark in marks if mark.word == "start").values()) == {1: RELEASES}
    by_lane = lanes(marks)
    assert len(by_lane) == LANES
    order = {release_id: place_of(stack, release_id) for release_id in heard.closed}
    for lane in by_lane.values():
        assert overlaps(lane) == []
        assert list(overtaken(lane, order=order, queued=heard.queued)) == []
    with capsys.disabled():
        print(f"\n{RELEASES} releases in {seconds:.0f} s, {60 * RELEASES / seconds:.0f} a minute")


def place_of(stack: Stack, release_id: str) -> tuple[float, str]:
    """Return what a release is sorted by in its lane: publish time, then id."""
    release = stack.release(release_id)
    assert release
    return release.source.publish_time.timestamp(), release_id
