"""The real run-release with Google's client against a small Cloud Storage: pinned sources, create-only results."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.agent_process import Bench, finish
from tests.contract.gcs_server import Storage, storage_server

OWNER, RESULT = "runs/shop-1.2.4/1/owner.json", "runs/shop-1.2.4/1/0/results.json"


def _zip(text: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("deploy.sh", text)
    return stream.getvalue()


@pytest.fixture
def storage() -> Iterator[Storage]:
    with storage_server() as running:
        yield running


@pytest.fixture
def bench(tmp_path: Path, storage: Storage) -> Bench:
    bench = Bench(tmp_path)
    bench.variables |= {
        "STORAGE_EMULATOR_HOST": storage.address,
        "INTERLOCK_RESULTS": "gs://results/runs",
        "INTERLOCK_ALLOWED_SOURCES": "gs://artifacts",
    }
    storage.put("artifacts", "shop/app.zip", _zip("echo one\n"))
    bench.variables["ARTIFACT_PATH"] = "gs://artifacts/shop/app.zip"
    return bench


def test_a_release_from_a_bucket_leaves_owner_and_result_in_a_bucket(bench: Bench, storage: Storage) -> None:
    run = bench.run()
    assert run.code == 0
    assert "one" in run.messages
    assert storage.names("results") == [RESULT, OWNER]
    assert storage.document("results", RESULT)["outcome"] == "success"
    assert storage.document("results", RESULT)["generations"] == {"artifact": "1"}


def test_an_object_replaced_while_it_is_fetched_is_still_the_pinned_one(bench: Bench, storage: Storage) -> None:
    storage.on_download.append(("artifacts", "shop/app.zip", _zip("echo two\n")))
    run = bench.run()
    assert "one" in run.messages
    assert storage.document("results", RESULT)["generations"] == {"artifact": "1"}


def test_a_generation_in_the_uri_is_the_one_fetched(bench: Bench, storage: Storage) -> None:
    storage.put("artifacts", "shop/app.zip", _zip("echo two\n"))
    assert "two" in bench.run().messages
    assert "one" in bench.run(ARTIFACT_PATH="gs://artifacts/shop/app.zip#1", INTERLOCK_ATTEMPT="2").messages


def test_of_executions_racing_on_a_bucket_exactly_one_runs_the_script(bench: Bench, storage: Storage) -> None:
    storage.put("artifacts", "shop/app.zip", _zip("echo ran >> $TMPDIR/runs\n"))
    racers = [bench.start(CLOUD_RUN_EXECUTION=f"agent-{number}") for number in range(3)]
    assert [finish(racer).code for racer in racers] == [0] * 3
    assert (bench.root / "runs").read_text() == "ran\n"


def test_nothing_in_a_bucket_is_ever_overwritten(bench: Bench, storage: Storage) -> None:
    bench.run()
    bench.run(CLOUD_RUN_TASK_ATTEMPT="1")
    assert storage.names("results") == [RESULT.replace("results.json", "results-1.json"), RESULT, OWNER]
    assert {len(kept) for (bucket, _), kept in storage.versions.items() if bucket == "results"} == {1}
    assert all("ifGenerationMatch=0" in asked for asked in storage.asked if asked.startswith("POST"))


def test_a_lost_answer_does_not_make_another_execution_the_owner(bench: Bench, storage: Storage) -> None:
    storage.lost = 1
    run = bench.run()
    assert (run.code, "one" in run.messages) == (0, True)


def test_a_storage_that_is_busy_for_a_moment_is_asked_again(bench: Bench, storage: Storage) -> None:
    storage.faults = [503]
    assert bench.run().code == 0


def test_whoever_may_create_but_not_overwrite_still_learns_who_the_owner_is(bench: Bench, storage: Storage) -> None:
    storage.forbids_overwriting = True
    assert "one" in bench.run().messages
    run = bench.run(CLOUD_RUN_EXECUTION="agent-other")
    assert (run.code, "one" in run.messages) == (0, False)


@pytest.mark.parametrize("status", [403, 401])
def test_an_owner_that_may_not_be_written_stops_the_release(bench: Bench, storage: Storage, status: int) -> None:
    storage.faults = [status] * 5
    run = bench.run()
    assert (run.code, "one" in run.messages) == (70, False)


@pytest.mark.parametrize("uri", ["gs://artifacts/missing.zip", "gs://artifacts/shop/app.zip#7"])
def test_an_object_that_is_not_there_is_unavailable(bench: Bench, storage: Storage, uri: str) -> None:
    assert bench.run(ARTIFACT_PATH=uri).code == 66
    assert storage.document("results", RESULT)["outcome"] == "refused"


def test_another_bucket_is_refused_before_it_is_asked(bench: Bench, storage: Storage) -> None:
    assert bench.run(ARTIFACT_PATH="gs://artifacts-evil/shop/app.zip").code == 68
    assert not any("artifacts-evil" in asked for asked in storage.asked)


def test_an_object_over_the_cap_is_never_downloaded(bench: Bench, storage: Storage) -> None:
    assert bench.run(INTERLOCK_MAX_DOWNLOAD_BYTES="10").code == 66
    assert not any("alt=media" in asked for asked in storage.asked)


def test_an_object_of_many_requests_comes_whole(bench: Bench, storage: Storage) -> None:
    data = bytes(range(256)) * 4096 * 9 * 2
    storage.put("artifacts", "big.zip", data)
    run = bench.run(ARTIFACT_PATH="gs://artifacts/big.zip")
    assert run.code == 67
    assert len([asked for asked in storage.asked if "alt=media" in asked]) >= 3
