"""publish --wait and wait against the running stack: each closing state has its exit code, and trouble changes none."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from interlock.domain.release import State
from tests.e2e.stack import COMMAND, Stack, wait_until

PAST = "2020-01-01T00:00:00Z"


@pytest.fixture
def file(tmp_path: Path) -> Callable[[Mapping[str, Any]], str]:
    def write(document: Mapping[str, Any]) -> str:
        path = tmp_path / "release.json"
        path.write_text(json.dumps(document))
        return str(path)

    return write


Write = Callable[[Mapping[str, Any]], str]


HEED_SIGNALS = "import os, signal, sys;signal.signal(signal.SIGINT, signal.SIG_DFL);os.execv(sys.argv[1], sys.argv[1:])"
"""A shell's background jobs ignore SIGINT, and so do their children; the command under test must not."""


def start(stack: Stack, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HEED_SIGNALS, *COMMAND, *arguments],
        env=stack.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def reaches(stack: Stack, release_id: str, state: State) -> Callable[[], bool]:
    def look() -> bool:
        release = stack.release(release_id)
        return release is not None and release.state is state

    return look


@pytest.mark.parametrize(
    ("script", "changes", "state", "code"),
    [
        ("echo fine", {}, "succeeded", 0),
        ("echo the disk is full >&2; exit 7", {}, "failed", 1),
        ("true", {"artifact_path": "https://elsewhere.example/a.zip"}, "rejected", 2),
        ("true", {"not_after": PAST}, "expired", 3),
    ],
)
def test_each_closing_state_has_its_exit_code(
    script: str, changes: dict[str, Any], state: str, code: int, stack: Stack, file: Write
) -> None:
    request = stack.a_request(script=script, **changes)
    done = stack.command("publish", file(request), "--wait", "--timeout", "60s", "--json")
    assert (done.returncode, json.loads(done.stdout)["release"]["state"]) == (code, state), done.stderr


def test_a_failure_shows_the_script_s_last_words(stack: Stack, file: Write) -> None:
    request = stack.a_request(script="echo the disk is full >&2; exit 7")
    done = stack.command("publish", file(request), "--wait")
    assert done.stdout.splitlines()[0] == request["release_id"]
    assert "the disk is full" in done.stdout
    assert "started" in done.stderr


def test_an_id_taken_by_another_request_is_told_and_not_taken_for_its_fate(stack: Stack, file: Write) -> None:
    first = stack.a_request()
    assert stack.command("publish", file(first), "--wait").returncode == 0
    done = stack.command("publish", file({**first, "release_version": "9.9.9"}), "--wait", "--timeout", "60s")
    assert done.returncode == 2
    assert "id_conflict" in done.stdout


def test_a_rerun_is_not_taken_for_the_failure_before_it(stack: Stack, file: Write, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    request = stack.a_request(script=f"test -e {mark}")
    assert stack.command("publish", file(request), "--wait").returncode == 1
    mark.touch()
    done = stack.command("publish", file(request), "--wait", "--timeout", "60s", "--json")
    assert (done.returncode, json.loads(done.stdout)["release"]["attempt"]) == (0, 2)


def test_the_time_may_run_out_and_the_release_goes_on(stack: Stack, file: Write) -> None:
    request = stack.a_request(script="sleep 4")
    done = stack.command("publish", file(request), "--wait", "--timeout", "1s")
    assert done.returncode == 5
    assert f"interlock wait {request['release_id']}" in done.stderr
    assert stack.command("wait", request["release_id"]).returncode == 0


def test_ctrl_c_stops_the_waiting_and_not_the_release(stack: Stack, file: Write) -> None:
    request = stack.a_request(script="sleep 4")
    waiting = start(stack, "publish", file(request), "--wait")
    wait_until(reaches(stack, request["release_id"], State.STARTED))
    waiting.send_signal(signal.SIGINT)
    _, told = waiting.communicate(timeout=30)
    assert (waiting.returncode, "the release goes on" in told) == (130, True), told
    assert stack.closed(request["release_id"]).state is State.SUCCEEDED


def test_a_cancelled_pipeline_cancels_its_release_if_asked_to(stack: Stack, file: Write) -> None:
    request = stack.a_request(script="sleep 60")
    waiting = start(stack, "publish", file(request), "--wait", "--cancel-on-interrupt")
    wait_until(reaches(stack, request["release_id"], State.STARTED))
    waiting.send_signal(signal.SIGTERM)
    _, told = waiting.communicate(timeout=60)
    assert waiting.returncode == 3, told


def test_the_end_is_told_when_it_has_come(stack: Stack, file: Write) -> None:
    request = stack.a_request(script="sleep 2")
    waiting = start(stack, "publish", file(request), "--wait")
    stack.closed(request["release_id"])
    _, told = waiting.communicate(timeout=30)
    assert waiting.returncode == 0, told


def test_a_stack_that_crashes_and_comes_back_changes_no_exit_code(own_stack: Callable[..., Stack], file: Write) -> None:
    stack = own_stack(reconcile_every=1.0)
    request = stack.a_request(script="sleep 3; exit 4")
    waiting = start(stack, "publish", file(request), "--wait", "--timeout", "100s")
    wait_until(reaches(stack, request["release_id"], State.STARTED))
    stack.kill("supervisor")
    stack.down()
    stack.up()
    _, told = waiting.communicate(timeout=110)
    assert waiting.returncode in {1, 4}, told
    assert stack.closed(request["release_id"]).state in {State.FAILED, State.ERRORED}


def test_set_changes_the_request_of_a_yaml_file(stack: Stack, tmp_path: Path) -> None:
    request = stack.a_request()
    file = tmp_path / "release.yaml"
    file.write_text("".join(f"{key}: {json.dumps(value)}\n" for key, value in request.items()))
    options = ("--set", "release_version=2.0.0", "--set", "params.SIZE:=3", "--wait", "--json")
    done = stack.command("publish", str(file), *options)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)["release"]["request"]
    assert (told["release_version"], told["params"]) == ("2.0.0", {"SIZE": 3})
