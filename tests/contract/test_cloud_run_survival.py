"""The Cloud Run stand-in's own death and return, and what it refuses to start with."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.cloud import run_v2

from tests.contract.cloud_run_server import (
    ENV,
    JOBS,
    CloudRunServer,
    a_free_port,
    completed_condition,
    eventually,
    processes_of,
)

Reason = run_v2.Condition.ExecutionReason


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[CloudRunServer]:
    server = CloudRunServer(tmp_path / "state", JOBS, env=ENV)
    yield server
    server.stop_if_running()


def test_a_run_survives_the_servers_death_and_so_does_its_end(own_server: CloudRunServer) -> None:
    own_server.start("--processes", "2")
    with own_server.client() as client:
        names = [client.run("slow") for _ in range(4)]
        eventually(lambda: all(client.log(name) for name in names[:2]))
    own_server.stop(signal.SIGKILL)
    own_server.start("--processes", "2")
    with own_server.client() as client:
        assert [client.completed(name).succeeded_count for name in names] == [1] * 4
        assert [client.log(name) for name in names] == ["ready\ndone\n"] * 4


def test_a_run_that_ends_while_the_server_is_dead_is_collected_by_the_next(own_server: CloudRunServer) -> None:
    own_server.start()
    with own_server.client() as client:
        name = client.run("slow")
        log = Path(client.executions.get_execution(name=name).log_uri.removeprefix("file://")) / "0.log"
        eventually(lambda: client.log(name))
    own_server.stop(signal.SIGKILL)
    eventually(lambda: "done" in log.read_text())
    own_server.start()
    with own_server.client() as client:
        assert client.completed(name).succeeded_count == 1


def test_a_cancel_after_a_restart_reaches_what_an_earlier_server_started(own_server: CloudRunServer) -> None:
    own_server.start()
    with own_server.client() as client:
        name = client.run("endless")
        eventually(lambda: client.log(name))
    own_server.stop(signal.SIGKILL)
    own_server.start()
    with own_server.client() as client:
        client.executions.cancel_execution(name=name)
        assert client.completed(name).cancelled_count == 1


def test_a_task_whose_shim_was_killed_is_ended_and_has_failed_as_lost(own_server: CloudRunServer) -> None:
    own_server.start()
    with own_server.client() as client:
        name = client.run("endless")
        eventually(lambda: client.log(name))
        (begun,) = own_server.state.glob("tasks/*/0-0/begun")
        os.kill(int(begun.read_text()), signal.SIGKILL)
        condition = completed_condition(client.completed(name))
        assert condition.execution_reason == Reason.NON_ZERO_EXIT_CODE
        assert "lost" in condition.message
        eventually(lambda: not processes_of(name))


def test_a_stopped_server_takes_its_tasks_along(own_server: CloudRunServer) -> None:
    own_server.start("--processes", "1")
    with own_server.client() as client:
        running, queued = client.run("stubborn"), client.run("good")
        eventually(lambda: client.log(running))
        (begun,) = own_server.state.glob("tasks/*/0-0/begun")
        shim = Path("/proc", begun.read_text())
    assert own_server.stop() == 0
    assert not shim.exists()
    own_server.start()
    with own_server.client() as client:
        assert client.completed(running).failed_count == 1
        assert client.completed(queued).succeeded_count == 1


def test_a_server_may_leave_its_tasks_to_the_next_one(own_server: CloudRunServer) -> None:
    own_server.start("--no-stop-tasks-on-exit")
    with own_server.client() as client:
        name = client.run("slow")
        eventually(lambda: client.log(name))
    assert own_server.stop() == 0
    own_server.start()
    with own_server.client() as client:
        assert client.completed(name).succeeded_count == 1


@pytest.mark.parametrize(
    ("jobs", "complaint"),
    [
        ("{}", "missing required field `project`"),
        ("no json", "malformed"),
        ('{"project": "p", "location": "l", "jobs": {"j": {"command": []}}}', "$.jobs[...].command"),
    ],
)
def test_a_wrong_jobs_file_is_reported_in_one_line(tmp_path: Path, jobs: str, complaint: str) -> None:
    (tmp_path / "jobs.json").write_text(jobs)
    error = failed_start(port=a_free_port(), state=tmp_path / "state", jobs=tmp_path / "jobs.json")
    assert complaint in error
    assert error.count("\n") == 1


def test_a_second_server_on_the_same_state_is_refused(own_server: CloudRunServer) -> None:
    server = own_server.start()
    error = failed_start(port=a_free_port(), state=server.state, jobs=server.state / "jobs.json")
    assert "in use by another server" in error


def test_a_taken_port_is_refused(own_server: CloudRunServer, tmp_path: Path) -> None:
    server = own_server.start()
    error = failed_start(port=server.port, state=tmp_path / "other", jobs=server.state / "jobs.json")
    assert str(server.port) in error


def failed_start(*, port: int, state: Path, jobs: Path) -> str:
    command = [sys.executable, "-m", "interlock_local.cloud_run", "--port", str(port), "--state", str(state)]
    run = subprocess.run([*command, "--jobs", str(jobs)], capture_output=True, text=True, timeout=30, check=False)
    assert run.returncode == 1
    return run.stderr


def test_the_help_names_every_option() -> None:
    text = subprocess.run(
        [sys.executable, "-m", "interlock_local.cloud_run", "--help"], capture_output=True, text=True, check=True
    )
    assert all(option in text.stdout for option in ("--port", "--state", "--jobs", "--stop-tasks-on-exit"))
