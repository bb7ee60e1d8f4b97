"""What became of a soak: judged by what the scripts wrote themselves, by what was told, and by what is left."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from interlock.domain.releases.lane import Lane
from interlock.domain.releases.model import Release
from tests.faults.heard import Heard
from tests.faults.tally import Mark, lanes, overlaps, overtaken


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What must all be empty once a soak is over."""

    lost: Sequence[str]
    doubled: Sequence[str]
    overlapping: Sequence[str]
    overtaken: Sequence[str]
    left_over: Sequence[str]

    @property
    def is_clean(self) -> bool:
        """Whether nothing was lost, doubled, overlapping or overtaken, and nothing is left."""
        return not (self.lost or self.doubled or self.overlapping or self.overtaken or self.left_over)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """What a soak left behind: `marks` by the scripts, `heard` by whoever listened, the rest in the ledger."""

    marks: Sequence[Mark]
    heard: Heard
    releases: Mapping[str, Release]
    lanes: Sequence[Lane]

    @property
    def is_unsettled(self) -> bool:
        """Whether there is something left to be done."""
        return any(_left_over(self))


def judge(ids: Sequence[str], traces: Traces) -> Verdict:
    """Return the verdict on the releases that were published."""
    starts = Counter(mark.release_id for mark in traces.marks if mark.word == "start")
    ends = Counter(mark.release_id for mark in traces.marks if mark.word == "end")
    return Verdict(
        lost=[one for one in ids if not (starts[one] and ends[one]) or _told(traces, one) != {"succeeded"}],
        doubled=[one for one in ids if starts[one] > 1 or len(traces.heard.closed.get(one, ())) > 1],
        overlapping=list(_overlapping(traces.marks, {one for one in starts | ends if starts[one] != ends[one]})),
        overtaken=list(_overtaken(traces)),
        left_over=list(_left_over(traces)),
    )


def _told(traces: Traces, release_id: str) -> set[str]:
    return set(traces.heard.closed.get(release_id, {}).values())


def _overlapping(marks: Sequence[Mark], cut_short: AbstractSet[str]) -> Iterator[str]:
    """Yield who ran beside whom; a run that is cut short is lost, and has no end that could be compared."""
    for lane in lanes([mark for mark in marks if mark.release_id not in cut_short]).values():
        yield from dict.fromkeys(f"{one.release_id} and {other.release_id}" for one, other in overlaps(lane))


def _overtaken(traces: Traces) -> Iterator[str]:
    order = {
        release.release_id: (release.source.publish_time.timestamp(), release.release_id)
        for release in traces.releases.values()
    }
    for marks in lanes(traces.marks).values():
        pairs = overtaken(marks, order=order, queued=traces.heard.queued)
        yield from (f"{late} by {early}" for late, early in pairs)


def _left_over(traces: Traces) -> Iterator[str]:
    for release in traces.releases.values():
        if not release.is_closed:
            yield f"{release.release_id} is {release.state}"
        elif not release.outbox.is_empty:
            yield f"{release.release_id} has unsent news"
    for lane in traces.lanes:
        yield from (f"{lane.key} is held by {holder}" for holder in lane.holders)
        yield from (f"{lane.key} is waited for by {entry.release_id}" for entry in lane.queue)
