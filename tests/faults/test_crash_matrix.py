"""Every function is killed with its whole instance at every place it has; no release notices."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import groupby

import pytest

from interlock_local.stack import names
from interlock_local.stack.process import wait_for
from tests.docs.faults_page import FAULTS, killed_row
from tests.e2e.stack import wait_until
from tests.faults.bench import Bench
from tests.faults.crash_cells import Cell, cells, unknown_places
from tests.faults.invariants import AS_IT_MUST_BE, Fate, all_over, assert_invariants, assert_nobody_overlapped
from tests.faults.letters import assert_each_letter_counts_once
from tests.faults.lives import Struck, strike

CELLS = tuple(cells())
TRIES, PASSED_BY_SECONDS = 3, 60.0
APART_SECONDS, LONGEST_SECONDS = 4.0, 240.0
QUICK = (
    "dispatch_release-fresh-before_run_job-inside",
    "report_status-ended-before_tell_succeeded-inside",
    "report_status-unowned-before_commit_close-inside",
    "alert_dead_letter-buried-before_commit_close-inside",
)


def kill(bench: Bench, cell: Cell) -> list[Fate]:
    """Lose the function in the cell; return how everybody involved is to end.

    Another cell's kill may lead a release elsewhere, as when it comes again before reconcile was to find it due: then
    another one is led there, and the first must end well like all.
    """
    fates: list[Fate] = []
    for _ in range(TRIES):
        is_struck, involved = strike(bench, cell)
        fates += involved
        if _lost(bench, is_struck, involved):
            return fates
    raise AssertionError(f"{TRIES} releases passed by")


def _lost(bench: Bench, is_struck: Callable[[], bool], involved: Sequence[Fate]) -> bool:
    """Wait for the kill, however slow the machine; once everybody is over, only an acknowledgement is still to come."""
    over = partial(all_over, bench, involved)
    wait_for(lambda: is_struck() or over(), seconds=LONGEST_SECONDS)
    return wait_for(is_struck, seconds=PASSED_BY_SECONDS)


def _apart(bench: Bench, cell: Cell) -> Struck:
    """Strike some seconds after the last: a killed reconcile puts off for half a minute all that it had taken."""
    time.sleep(APART_SECONDS)
    return strike(bench, cell)


def _awaited(is_struck: Callable[[], bool], fates: list[Fate]) -> list[Fate]:
    wait_until(is_struck, within=LONGEST_SECONDS)
    return fates


def _attempted(attempt: Callable[[], list[Fate]]) -> list[Fate] | str:
    try:
        return attempt()
    except AssertionError as error:
        return f"never struck: {error}"


def kill_in_turn(bench: Bench, some: Sequence[Cell]) -> list[tuple[Cell, list[Fate] | str]]:
    """Lose the function in one cell after the other; what must wait for reconcile waits for all cells at once."""
    later = {cell: partial(_awaited, *_apart(bench, cell)) for cell in some if cell.life.waits_for_reconcile}
    ordered = sorted(some, key=lambda cell: cell not in later)
    return [(cell, _attempted(later.get(cell, partial(kill, bench, cell)))) for cell in ordered]


@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell.id in QUICK], ids=lambda cell: cell.id)
def test_a_release_outlives_its_function(bench: Bench, cell: Cell) -> None:
    for fate in kill(bench, cell):
        assert_invariants(bench, fate)
    assert_each_letter_counts_once(bench)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_release_outlives_its_function_in_every_cell(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    turns = [list(some) for _, some in groupby(CELLS, key=lambda cell: (cell.life.function, cell.life.turn))]
    begun = time.monotonic()
    with ThreadPoolExecutor(len(turns)) as pool:
        struck = [pair for found in pool.map(lambda some: kill_in_turn(bench, some), turns) for pair in found]
    struck_seconds = time.monotonic() - begun
    with ThreadPoolExecutor(len(turns)) as pool:
        outcomes = dict(pool.map(lambda pair: (pair[0], _judged(bench, pair[1])), struck))
    with capsys.disabled():
        print()
        for cell, outcome in outcomes.items():
            print(f"{killed_row(cell)} {outcome}")
        print(f"{len(CELLS)} cells, struck in {struck_seconds:.0f} s, judged in {time.monotonic() - begun:.0f} s")
    assert_nobody_overlapped(bench)
    assert_each_letter_counts_once(bench)
    assert [point for one in names.FUNCTIONS for point in unknown_places(one, bench.faults(one).passed())] == []
    assert {cell.id: outcome for cell, outcome in outcomes.items() if outcome != AS_IT_MUST_BE} == {}
    assert {killed_row(cell) for cell in outcomes} <= set(FAULTS.read_text().splitlines()), "the page is not today's"


def _judged(bench: Bench, fates: list[Fate] | str) -> str:
    if isinstance(fates, str):
        return fates
    try:
        for fate in fates:
            assert_invariants(bench, fate)
    except AssertionError as error:
        return str(error)
    return AS_IT_MUST_BE
