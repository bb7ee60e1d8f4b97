"""Cloud Run, Pub/Sub, Firestore and the audit log fail in every way they have; no release is lost or run twice."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from interlock_local.emulators.google_emulators import find_emulator
from interlock_local.stack import names
from tests.docs.faults_page import FAULTS, server_row
from tests.faults.bench import PATIENT, UNHURRIED, Bench, a_bench
from tests.faults.invariants import AS_IT_MUST_BE, assert_invariants, assert_nobody_overlapped
from tests.faults.server_cells import AUDIT_CELLS, Cell, cloud_run_cells, firestore_cells, pubsub_cells
from tests.faults.troubles import trouble

AT_ONCE = 10
QUICK = "Cloud Run, RunJob: UNAVAILABLE, the job starts all the same"
FORGOTTEN = "Cloud Run, GetExecution: knows the execution no more, and its entry was lost"


@pytest.fixture
def patient_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with a_bench(tmp_path_factory.mktemp("patient"), extra_environment=PATIENT) as bench:
        yield bench


@pytest.fixture
def unhurried_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with a_bench(tmp_path_factory.mktemp("unhurried"), extra_environment=UNHURRIED) as bench:
        yield bench


@pytest.fixture(scope="module")
def firestore_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    if find_emulator("firestore") is None:
        pytest.skip("Google's Firestore emulator or Java is missing")
    before = os.environ.get("FIRESTORE_EMULATOR_HOST")
    with a_bench(tmp_path_factory.mktemp("firestore"), ledger="official") as bench:
        os.environ["FIRESTORE_EMULATOR_HOST"] = bench.stack.plan.address(names.FIRESTORE)
        yield bench
    os.environ.pop("FIRESTORE_EMULATOR_HOST")
    if before is not None:
        os.environ["FIRESTORE_EMULATOR_HOST"] = before


def outcome(bench: Bench, cell: Cell) -> str:
    try:
        for fate in trouble(bench, cell):
            assert_invariants(bench, fate)
            assert [fault for proxy in bench.proxies for fault in proxy.unmet(fate.release_id)] == []
    except AssertionError as error:
        return str(error) or repr(error)
    return AS_IT_MUST_BE


def the_cell(cell_id: str) -> Cell:
    return next(cell for cell in cloud_run_cells() if cell.id == cell_id)


def judge(bench: Bench, cells: Iterable[Cell], capsys: pytest.CaptureFixture[str]) -> None:
    """Lead a release and another behind it into each fault, several at once; hold all to the rules; print the table."""
    every = tuple(cells)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = dict(zip(every, pool.map(partial(outcome, bench), every), strict=True))
    with capsys.disabled():
        print()
        for cell, found in outcomes.items():
            print(f"{server_row(cell)} {found}")
    assert_nobody_overlapped(bench)
    assert {cell.id: found for cell, found in outcomes.items() if found != AS_IT_MUST_BE} == {}
    assert {server_row(cell) for cell in every} <= set(FAULTS.read_text().splitlines()), "the page is not today's"


def test_a_start_that_seemed_to_fail_is_adopted(bench: Bench) -> None:
    assert outcome(bench, the_cell(QUICK)) == AS_IT_MUST_BE


def test_an_execution_that_nobody_knows_is_given_up_after_the_grace(bench: Bench) -> None:
    assert outcome(bench, the_cell(FORGOTTEN)) == AS_IT_MUST_BE


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_whatever_cloud_run_answers_each_release_runs_once(
    patient_bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    judge(patient_bench, cloud_run_cells(), capsys)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_whatever_pubsub_answers_each_state_is_told(unhurried_bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    judge(unhurried_bench, pubsub_cells(), capsys)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_however_entries_come_each_release_closes_once(
    unhurried_bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    judge(unhurried_bench, AUDIT_CELLS, capsys)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_whatever_firestore_answers_nothing_is_lost(firestore_bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    judge(firestore_bench, firestore_cells(), capsys)
