"""What the scripts of a load test wrote: who started and ended, in which order, in which lane."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SCRIPT = """
echo "start $EPOCHREALTIME $SERVICE $RELEASE_ID" >> "$RELEASE_PARAM_TALLY"
sleep 0.02
echo "end $EPOCHREALTIME $SERVICE $RELEASE_ID" >> "$RELEASE_PARAM_TALLY"
"""
"""Each line is one write at the file's end, so the lines' order is the order in which things happened."""


@dataclass(frozen=True, slots=True)
class Mark:
    word: str
    at: float
    lane: str
    release_id: str


def read(tally: Path) -> list[Mark]:
    fields = (line.split() for line in tally.read_text().splitlines())
    return [Mark(word, float(at), lane, release_id) for word, at, lane, release_id in fields]


def lanes(marks: Sequence[Mark]) -> Mapping[str, list[Mark]]:
    by_lane: dict[str, list[Mark]] = defaultdict(list)
    for mark in marks:
        by_lane[mark.lane].append(mark)
    return by_lane


def overlaps(lane: Sequence[Mark]) -> list[tuple[Mark, Mark]]:
    """Return the neighbours that are not the start and the end of one release; the lane's lines must be whole pairs."""
    pairs = list(zip(lane[::2], lane[1::2], strict=True))
    return [(a, b) for a, b in pairs if (a.word, b.word, a.release_id) != ("start", "end", b.release_id)]


def overtaken(
    lane: Sequence[Mark], *, order: Mapping[str, tuple[float, str]], queued: Mapping[str, float]
) -> Iterator[tuple[str, str]]:
    """Yield (late, early) where `early` started although `late` comes first by order and was queued already.

    Queued already: its `queued` event was published before the release in front of `early` ended.
    """
    starts, ends = lane[::2], lane[1::2]
    for index, front in enumerate(ends[:-1]):
        early = starts[index + 1].release_id
        for late in (mark.release_id for mark in starts[index + 2 :]):
            if queued.get(late, float("inf")) < front.at and order[late] < order[early]:
                yield late, early
