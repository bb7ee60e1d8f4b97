"""What the agent leaves behind is what report_status reads, in a directory and in a bucket alike."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from interlock.bootstrap import open_results
from interlock.domain.releases.ownership import SEALED
from interlock.results.interface import MOST_TASKS, Results, ResultsUnavailable
from interlock_agent.results.interface import ResultStore
from interlock_agent.results.open_store import open_store
from interlock_agent.results.ownership import take_ownership
from interlock_agent.results.task_result import TaskResult, write_result
from interlock_agent.task_identity import TaskIdentity
from tests.contract.gcs_server import Storage, storage_server

NOW = datetime(2026, 1, 2, tzinfo=UTC)
RELEASE = "../ü shop/1"


@dataclass
class Both:
    store: ResultStore
    reader: Results

    def fence(self, execution: str = "agent-one") -> str:
        return take_ownership(_identity(execution=execution), self.store)

    def end(self, code: int, *, task: int = 3, task_attempt: int = 0) -> None:
        identity = _identity(task=task, task_attempt=task_attempt)
        write_result(identity, TaskResult("failure", code), self.store, started_at=NOW, ended_at=NOW)

    def codes(self) -> list[int]:
        return [one["exit_code"] for one in self.reader.results(RELEASE, 2)]


def _identity(execution: str = "agent-one", *, task: int = 3, task_attempt: int = 0) -> TaskIdentity:
    return TaskIdentity(RELEASE, 2, 1, execution, task, task_attempt, "")


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    with storage_server() as running:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", running.address)
        yield running


@pytest.fixture(params=["file", "bucket"])
def both(request: pytest.FixtureRequest, tmp_path: Path, storage: Storage) -> Both:
    uri = f"file://{tmp_path}/a%20b" if request.param == "file" else "gs://results/some/where"
    reader = open_results(uri)
    assert reader is not None
    return Both(open_store(uri), reader)


def test_the_owner_of_the_fence_is_read(both: Both) -> None:
    assert both.reader.owner(RELEASE, 2) is None
    assert both.fence() == "agent-one"
    assert both.fence("agent-two") == "agent-one"
    assert both.reader.owner(RELEASE, 2) == "agent-one"


def test_a_sealed_fence_makes_every_agent_stand_back(both: Both) -> None:
    assert both.reader.seal(RELEASE, 2) == SEALED
    assert both.reader.seal(RELEASE, 2) == SEALED
    assert both.fence() == SEALED
    assert both.reader.owner(RELEASE, 2) == SEALED


def test_a_fence_that_is_taken_is_not_sealed(both: Both) -> None:
    both.fence()
    assert both.reader.seal(RELEASE, 2) == "agent-one"
    assert both.fence() == "agent-one"


def test_only_one_of_eight_takes_the_fence(both: Both) -> None:
    with ThreadPoolExecutor(8) as pool:
        agents = [pool.submit(both.fence, f"agent-{number}") for number in range(4)]
        seals = [pool.submit(both.reader.seal, RELEASE, 2) for _ in range(4)]
        owners = {one.result() for one in (*agents, *seals)}
    assert owners == {both.reader.owner(RELEASE, 2)}


def test_the_result_of_the_last_try_is_read(both: Both) -> None:
    assert not both.reader.results(RELEASE, 2)
    for task_attempt in (0, 9, 10):
        both.end(task_attempt, task_attempt=task_attempt)
    assert both.codes() == [10]


def test_every_task_is_read_by_its_index(both: Both) -> None:
    for task in (10, 9, 0):
        both.end(task, task=task)
    both.end(90, task=9, task_attempt=1)
    assert both.codes() == [0, 90, 10]


def test_no_more_than_the_first_tasks_are_read(both: Both) -> None:
    for task in reversed(range(MOST_TASKS + 1)):
        both.end(task, task=task)
    assert both.codes() == list(range(MOST_TASKS))


def test_marks_of_items_are_no_results(both: Both) -> None:
    both.store.create(f"{_identity().attempt_prefix}/items/0.json", {"exit_code": 1})
    both.fence()
    assert both.codes() == []


def test_a_result_is_never_overwritten(both: Both) -> None:
    both.end(1)
    both.end(2)
    assert both.codes() == [1]


def test_another_attempt_has_no_result(both: Both) -> None:
    both.end(1)
    assert not both.reader.results(RELEASE, 1)
    assert not both.reader.results(RELEASE, 20)


@pytest.mark.parametrize("data", [b"", b"[]", b'"x"', b"\xff", b'{"outcome": '])
def test_a_broken_result_in_a_bucket_is_none(storage: Storage, data: bytes) -> None:
    storage.put("results", "shop/1/0/results.json", data)
    reader = open_results("gs://results")
    assert reader is not None
    assert not reader.results("shop", 1)


def test_a_bucket_that_may_not_be_read_has_no_result_and_no_owner(storage: Storage) -> None:
    storage.put("results", "shop/1/0/results.json", b"{}")
    reader = open_results("gs://results")
    assert reader is not None
    storage.faults = [403] * 2
    assert not reader.results("shop", 1)
    assert reader.owner("shop", 1) is None


def test_a_fence_that_can_be_neither_taken_nor_read_is_not_sealed(storage: Storage) -> None:
    reader = open_results("gs://results")
    assert reader is not None
    storage.faults = [403] * 2
    with pytest.raises(ResultsUnavailable, match="may not seal the fence of shop"):
        reader.seal("shop", 1)
    assert storage.names("results") == []


def test_a_directory_that_cannot_be_written_is_not_sealed(tmp_path: Path) -> None:
    (tmp_path / "shop").write_text("in the way")
    reader = open_results(f"file://{tmp_path}")
    assert reader is not None
    with pytest.raises(ResultsUnavailable, match="cannot seal"):
        reader.seal("shop", 1)


def test_a_seal_whose_answer_got_lost_is_known_again(storage: Storage) -> None:
    reader = open_results("gs://results")
    assert reader is not None
    storage.lost = 1
    assert reader.seal("shop", 1) == SEALED
