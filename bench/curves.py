"""Cost curves: what dispatch and reconcile cost as records pile up, and what a place in a long queue costs."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median

from bench.ledgers import candidate, submit
from bench.results import Findings, Table, Target, growth, ms, percentile
from bench.validation import seconds_of
from interlock.bootstrap import FullLedger, open_ledger, utc_now
from interlock.domain.releases.lane import Lane, Waiting
from interlock.domain.releases.model import Release, State
from interlock.ledger.interface import Commit
from interlock.ledger.records import Key

FLAT = 0.1
"""The exponent up to which a curve counts as flat: doubling the records adds at most 7 %."""

QUEUES = (1, 10, 100, 1000, 10000)
BATCH = 1000


def measure(folder: Path, *, sizes: tuple[int, ...]) -> Findings:
    """Fill a ledger step by step and measure at each."""
    ledger = open_ledger(f"sqlite://{folder}/curves.db")
    rows: list[tuple[str, ...]] = []
    dispatches: list[float] = []
    ticks: list[float] = []
    held = 0
    for size in sizes:
        _fill(ledger, held, size)
        held = size
        dispatches.append(percentile([submit(ledger, one) for one in [candidate() for _ in range(31)]], 0.25))
        _close_all(ledger)
        ticks.append(percentile([seconds_of(lambda: ledger.due(utc_now(), 200), times=5) for _ in range(21)], 0.25))
        rows.append((f"{size:,}", ms(dispatches[-1]), ms(ticks[-1])))
    exponents = (growth(sizes, dispatches), growth(sizes, ticks))
    rows.append(("growth exponent", *(f"{one:.2f}" for one in exponents)))
    header = ("closed records", "a claim, ms", "reconcile's query with nothing due, ms")
    about = "On SQLite, the lanes free; the fastest quarter, since noise only adds. An exponent of 0 is flat."
    queue, exponent = _queues(ledger)
    targets = [
        Target(f"growth exponent of {what} in closed records", one, FLAT, f"{one:.2f}")
        for what, one in zip(("a dispatch", "an idle reconcile"), exponents, strict=True)
    ]
    raw = {"sizes": sizes, "dispatch": dispatches, "reconcile": ticks, "queue exponent": exponent}
    return Findings([Table("Cost curves", about, header, rows), queue], targets, {}, raw)


def _fill(ledger: FullLedger, start: int, end: int) -> None:
    pattern = replace(candidate(), state=State.SUCCEEDED, updated_at=utc_now() - timedelta(days=1))
    for first in range(start, end, BATCH):
        numbers = range(first, min(first + BATCH, end))
        _put(ledger, [replace(pattern, release_id=f"closed-{number}") for number in numbers])


def _put(ledger: FullLedger, releases: list[Release]) -> None:
    writes = {Key("releases", one.release_id): one for one in releases}
    ledger.transact((), lambda _: Commit(writes, None))


def _close_all(ledger: FullLedger) -> None:
    """Close what the claims have opened, so that nothing is due."""
    opened = [one for one in ledger.recent(200) if not one.is_closed]
    _put(ledger, [replace(one, state=State.SUCCEEDED, lease_until=None) for one in opened])


def _queues(ledger: FullLedger) -> tuple[Table, float]:
    costs = []
    for length in QUEUES:
        first = candidate()
        assert first.plan
        early = utc_now() - timedelta(hours=1)
        queue = tuple(Waiting(early, f"waiting-{number:05}") for number in range(length - 1))
        lane = Lane(key=first.plan.lane, holders=("someone",), queue=queue)
        seconds = []
        for _ in range(9):
            ledger.transact((), lambda _, lane=lane: Commit({Key("lanes", lane.key): lane}, None))  # type: ignore[misc]
            seconds.append(submit(ledger, candidate(str(first.request["service"]))))
        costs.append(median(seconds))
    exponent = growth(QUEUES, costs)
    rows = [(f"{length:,}", ms(cost)) for length, cost in zip(QUEUES, costs, strict=True)]
    about = "A release that joins a queue, up to the most that a route may allow (`max_queue`; 100 unless it says so)."
    return Table(
        "A long queue", about, ("place in the queue", "ms"), [*rows, ("growth exponent", f"{exponent:.2f}")]
    ), exponent
