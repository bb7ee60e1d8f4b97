"""The Cloud Run stand-in, seen through google-cloud-run's own clients."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import run_v2

from tests.contract.cloud_run_server import (
    ENV,
    JOBS,
    PARENT,
    Client,
    CloudRunServer,
    completed_condition,
    eventually,
    processes_of,
)

State, Reason = run_v2.Condition.State, run_v2.Condition.ExecutionReason


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudRunServer]:
    running = CloudRunServer(tmp_path_factory.mktemp("cloud_run") / "state", JOBS, env=ENV).start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def client(server: CloudRunServer) -> Iterator[Client]:
    with server.client() as talking:
        yield talking


def test_a_started_job_names_its_execution_at_once(client: Client) -> None:
    operation = client.operation("slow")
    assert operation.metadata.name.startswith(f"{PARENT}/jobs/slow/executions/slow-")
    assert not client.executions.get_execution(name=operation.metadata.name).completion_time


def test_an_operation_carries_the_execution_under_googles_type_url(client: Client) -> None:
    operation = client.operation("good")
    operation.result(timeout=20)
    type_url = "type.googleapis.com/google.cloud.run.v2.Execution"
    assert (operation.operation.metadata.type_url, operation.operation.response.type_url) == (type_url, type_url)


def test_a_job_that_exits_with_zero_has_succeeded(client: Client) -> None:
    execution = client.completed(client.run("good"))
    assert completed_condition(execution).state == State.CONDITION_SUCCEEDED
    assert (execution.succeeded_count, execution.failed_count, execution.running_count) == (1, 0, 0)
    assert execution.create_time <= execution.start_time <= execution.completion_time


def test_a_job_that_exits_with_three_has_failed_for_that_reason(client: Client) -> None:
    execution = client.completed(client.run("bad"))
    condition = completed_condition(execution)
    assert (condition.state, condition.execution_reason) == (State.CONDITION_FAILED, Reason.NON_ZERO_EXIT_CODE)
    assert "exit code: 3" in condition.message
    assert execution.failed_count == 1


def test_an_operation_ends_with_the_execution_or_with_its_error(client: Client) -> None:
    assert client.operation("good").result(timeout=20).succeeded_count == 1
    with pytest.raises(exceptions.GoogleAPICallError, match="failed to complete"):
        client.operation("bad").result(timeout=20)


def test_an_override_wins_over_the_jobs_own_variable_and_leaves_the_others(client: Client) -> None:
    name = client.run("good", env={"WHO": "there", "MORE": "a b;$c"})
    assert client.completed(name).succeeded_count == 1
    assert client.log(name) == "hello there\n"
    (container,) = client.executions.get_execution(name=name).template.containers
    assert {one.name: one.value for one in container.env} == {"WHO": "there", "KEPT": "yes", "MORE": "a b;$c"}


def test_a_task_sees_cloud_runs_variables_and_nothing_of_the_server(client: Client) -> None:
    name = client.run("environment", env={"ONLY": "this"}, task_count=2)
    client.completed(name)
    seen = dict(line.split("=", 1) for line in client.log(name, 1).splitlines())
    assert seen["CLOUD_RUN_JOB"] == "environment"
    assert seen["CLOUD_RUN_EXECUTION"] == name.rpartition("/")[2]
    assert (seen["CLOUD_RUN_TASK_INDEX"], seen["CLOUD_RUN_TASK_COUNT"], seen["CLOUD_RUN_TASK_ATTEMPT"]) == (
        "1",
        "2",
        "0",
    )
    assert seen["ONLY"] == "this"
    assert "SECRET_OF_THE_SERVER" not in seen


def test_arguments_are_replaced_or_cleared(client: Client) -> None:
    replaced = client.run("arguments", container_overrides=[{"args": ["three"]}])
    cleared = client.run("arguments", container_overrides=[{"clear_args": True}])
    kept = client.run("arguments")
    for name in (replaced, cleared, kept):
        client.completed(name)
    assert [client.log(name) for name in (replaced, cleared, kept)] == ["said three\n", "said\n", "said one two\n"]


def test_at_the_timeout_a_task_may_leave_in_peace_and_has_failed_all_the_same(client: Client) -> None:
    name = client.run("polite")
    condition = completed_condition(client.completed(name))
    assert (condition.state, condition.execution_reason) == (State.CONDITION_FAILED, 0)
    assert "The configured timeout was reached." in condition.message
    assert client.log(name) == "ready\nleft in peace\n"


def test_a_task_that_ignores_sigterm_is_killed_after_the_grace(client: Client) -> None:
    execution = client.completed(client.run("stubborn", timeout=timedelta(seconds=0.5)))
    assert "The configured timeout was reached." in completed_condition(execution).message
    assert (execution.completion_time - execution.start_time).total_seconds() > 1.4


def test_nothing_that_a_container_started_outlives_it(client: Client) -> None:
    name = client.run("litter")
    assert client.completed(name).succeeded_count == 1
    assert not processes_of(name)


def test_a_cancelled_execution_is_cancelled_and_its_operation_has_no_error(client: Client) -> None:
    operation = client.operation("endless")
    name = operation.metadata.name
    eventually(lambda: client.log(name))
    client.executions.cancel_execution(name=name)
    execution = client.completed(name)
    condition = completed_condition(execution)
    assert (condition.state, condition.execution_reason) == (State.CONDITION_FAILED, Reason.CANCELLED)
    assert (execution.cancelled_count, execution.failed_count) == (1, 0)
    assert operation.result(timeout=20).cancelled_count == 1


def test_a_cancel_right_after_the_start_leaves_nothing_running(client: Client) -> None:
    names = [client.run("endless") for _ in range(5)]
    for name in names:
        client.executions.cancel_execution(name=name)
    assert [client.completed(name).cancelled_count for name in names] == [1] * 5


def test_a_completed_execution_cannot_be_cancelled(client: Client) -> None:
    name = client.run("good")
    client.completed(name)
    with pytest.raises(exceptions.FailedPrecondition):
        client.executions.cancel_execution(name=name)


def test_every_task_runs_once(client: Client) -> None:
    name = client.run("good", task_count=3)
    assert client.completed(name).succeeded_count == 3
    assert [client.log(name, task) for task in range(3)] == ["hello world\n"] * 3


def test_parallelism_of_one_runs_the_tasks_one_after_the_other(client: Client) -> None:
    execution = client.completed(client.run("narrow"))
    assert execution.succeeded_count == 3
    assert (execution.completion_time - execution.start_time).total_seconds() > 0.3


def test_a_failed_task_is_tried_again_up_to_its_limit(client: Client) -> None:
    flaky = client.run("flaky")
    mended, given_up = client.completed(flaky), client.completed(client.run("hopeless"))
    assert (mended.succeeded_count, mended.retried_count) == (1, 1)
    assert client.log(flaky) == "try 0\ntry 1\n"
    assert (given_up.failed_count, given_up.retried_count) == (1, 1)


def test_a_command_that_does_not_exist_fails_with_its_name_and_no_reason(client: Client) -> None:
    condition = completed_condition(client.completed(client.run("missing")))
    assert (condition.state, condition.execution_reason) == (State.CONDITION_FAILED, 0)
    assert "/no/such/command" in condition.message


def test_executions_are_listed_newest_first_page_by_page(client: Client) -> None:
    names = [client.run("bad") for _ in range(5)]
    pager = client.executions.list_executions(request={"parent": f"{PARENT}/jobs/bad", "page_size": 2})
    assert len(pager.executions) == 2
    assert [execution.name for execution in pager][:5] == names[::-1]
    across = client.executions.list_executions(request={"parent": f"{PARENT}/jobs/-", "page_size": 1000})
    assert {execution.job for execution in across} > {"bad"}


def test_a_deleted_execution_is_gone(client: Client) -> None:
    name = client.run("good")
    client.completed(name)
    client.executions.delete_execution(name=name)
    with pytest.raises(exceptions.NotFound):
        client.executions.get_execution(name=name)


def test_jobs_can_be_read(client: Client) -> None:
    job = client.jobs.get_job(name=f"{PARENT}/jobs/flaky")
    assert job.template.template.max_retries == 1
    assert {one.name.rpartition("/")[2] for one in client.jobs.list_jobs(parent=PARENT)} == set(JOBS)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        (f"{PARENT}/jobs/unknown", exceptions.NotFound),
        ("projects/interlock-local/locations/elsewhere/jobs/good", exceptions.NotFound),
        ("projects/somebody-else/locations/local/jobs/good", exceptions.PermissionDenied),
        ("good", exceptions.InvalidArgument),
    ],
)
def test_a_job_that_is_not_ours_to_run_is_refused(client: Client, name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        client.jobs.run_job(name=name)
    with pytest.raises(error):
        client.jobs.get_job(name=name)


@pytest.mark.parametrize(
    "overrides",
    [
        {"container_overrides": [{"name": "sidecar"}]},
        {"container_overrides": [{}, {}]},
        {"container_overrides": [{"env": [{"name": "", "value": "1"}]}]},
        {"container_overrides": [{"env": [{"name": "A=B", "value": "1"}]}]},
        {"container_overrides": [{"env": [{"name": "CLOUD_RUN_JOB", "value": "1"}]}]},
        {"container_overrides": [{"env": [{"name": "A", "value": "x" * 40_000}]}]},
        {"container_overrides": [{"args": ["a"], "clear_args": True}]},
        {"task_count": -1},
        {"task_count": 10_001},
        {"timeout": timedelta(0)},
        {"timeout": timedelta(days=8)},
    ],
    ids=str,
)
def test_an_override_that_cannot_be_is_refused_and_starts_nothing(client: Client, overrides: Any) -> None:
    before = client.jobs.get_job(name=f"{PARENT}/jobs/arguments").execution_count
    with pytest.raises(exceptions.InvalidArgument):
        client.jobs.run_job(request={"name": f"{PARENT}/jobs/arguments", "overrides": overrides})
    assert client.jobs.get_job(name=f"{PARENT}/jobs/arguments").execution_count == before
