"""Interlock's own Cloud Run adapter against the stand-in."""

from collections.abc import Iterator

import pytest

from interlock.google.cloud_run_jobs import CloudRunJobs
from interlock.ports import Refused, Started, StartOrder, Throttled
from tests.contract.cloud_run_server import ENV, JOBS, PARENT, CloudRunServer, a_free_port, eventually


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudRunServer]:
    running = CloudRunServer(tmp_path_factory.mktemp("cloud_run") / "state", JOBS, env=ENV).start()
    yield running
    running.stop_if_running()


@pytest.fixture
def cloud_run(server: CloudRunServer) -> CloudRunJobs:
    return CloudRunJobs(f"127.0.0.1:{server.port}")


def an_order(job: str, **environment: str) -> StartOrder:
    return StartOrder(job=f"{PARENT}/jobs/{job}", environment=environment, task_count=None, timeout_seconds=None)


def started(cloud_run: CloudRunJobs, order: StartOrder) -> Started:
    answer = cloud_run.start(order)
    assert isinstance(answer, Started)
    return answer


def test_a_job_that_is_gone_has_no_executions(cloud_run: CloudRunJobs) -> None:
    assert cloud_run.find(an_order("deleted").job, {"INTERLOCK_RELEASE_ID": "web-1"}) is None


def test_a_started_execution_is_found_by_its_environment(cloud_run: CloudRunJobs) -> None:
    order = an_order("good", INTERLOCK_RELEASE_ID="web-1", INTERLOCK_ATTEMPT="1", INTERLOCK_FENCE="1")
    execution = started(cloud_run, order)
    wanted = {"INTERLOCK_RELEASE_ID": "web-1", "INTERLOCK_ATTEMPT": "1"}
    assert cloud_run.find(order.job, wanted) == execution
    assert cloud_run.find(order.job, {**wanted, "INTERLOCK_ATTEMPT": "2"}) is None


def test_a_failed_execution_tells_its_reason(cloud_run: CloudRunJobs) -> None:
    execution = started(cloud_run, an_order("bad")).execution

    def has_ended() -> bool:
        status = cloud_run.status(execution)
        return status is not None and status.completed is False

    eventually(has_ended)
    status = cloud_run.status(execution)
    assert status is not None
    assert (status.reason, status.counts["failed"]) == ("NON_ZERO_EXIT_CODE", 1)


def test_a_stopped_execution_tells_that_it_was_cancelled(cloud_run: CloudRunJobs) -> None:
    execution = started(cloud_run, an_order("endless")).execution
    cloud_run.stop(execution)

    def is_cancelled() -> bool:
        status = cloud_run.status(execution)
        return status is not None and status.counts["cancelled"] == 1

    eventually(is_cancelled)
    cloud_run.stop(execution)


def test_a_job_that_is_not_there_is_a_refusal(cloud_run: CloudRunJobs) -> None:
    answer = cloud_run.start(an_order("unknown"))
    assert isinstance(answer, Refused)
    assert answer.reason == "job_not_found"


def test_a_server_that_is_not_there_was_never_asked() -> None:
    nobody = CloudRunJobs(f"127.0.0.1:{a_free_port()}", start_timeout_seconds=5)
    assert isinstance(nobody.start(an_order("good")), Throttled)
