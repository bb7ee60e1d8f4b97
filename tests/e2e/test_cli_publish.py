"""publish --wait and wait against the running stack: each closing state has its exit code, and trouble changes none."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from interlock.domain.releases.model import OUTCOMES, State
from interlock_cli.views.exit_codes import EXIT_CODES
from tests.e2e.stack import COMMAND, Stack, wait_until
from tests.e2e.story import Story, held_by
from tests.e2e.test_dead_letters import topic_that_nobody_takes

PAST = "2020-01-01T00:00:00Z"


@pytest.fixture
def file(tmp_path: Path) -> Callable[[Mapping[str, Any]], str]:
    def write(document: Mapping[str, Any]) -> str:
        path = tmp_path / "release.json"
        path.write_text(json.dumps(document))
        return str(path)

    return write


Write = Callable[[Mapping[str, Any]], str]


def write_to(path: Path, document: Mapping[str, Any]) -> str:
    path.write_text(json.dumps(document))
    return str(path)


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


def hear(waiting: subprocess.Popen[str], words: str) -> None:
    """Return once the one who waits has told this."""
    assert waiting.stderr
    assert any(words in line for line in iter(waiting.stderr.readline, "")), words


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


@pytest.mark.parametrize(("target_env", "reason"), [("gone", "job_not_found"), ("forbidden", "permission")])
def test_what_could_not_be_started_ends_with_4(target_env: str, reason: str, stack: Stack, file: Write) -> None:
    done = stack.command(
        "publish", file(stack.a_request(target_env=target_env)), "--wait", "--timeout", "60s", "--json"
    )
    told = json.loads(done.stdout)["release"]
    assert (done.returncode, told["state"], told["reason"]) == (4, "errored", reason), done.stderr


def test_a_message_that_nobody_takes_ends_with_4(stack: Stack, file: Write) -> None:
    with topic_that_nobody_takes(stack) as topic:
        where = ("--topic", topic, "--wait", "--timeout", "60s", "--json")
        done = stack.command("publish", file(stack.a_request()), *where)
    assert (done.returncode, json.loads(done.stdout)["release"]["state"]) == (4, "dead_lettered"), done.stderr


def test_one_replaced_in_the_queue_and_one_cancelled_there_end_with_3(
    story: Story, file: Write, tmp_path: Path
) -> None:
    stack = story.stack
    with story.holder(target_env="newest") as held:
        older = stack.a_request(target_env="newest")
        waiting = start(stack, "publish", file(older), "--wait", "--timeout", "60s")
        hear(waiting, f"queued in lane newest/default: number 1 of 1, held by {held}")
        newer = stack.a_request(target_env="newest")
        cancelled = start(stack, "publish", write_to(tmp_path / "newer.json", newer), "--wait", "--timeout", "60s")
        out, told = waiting.communicate(timeout=60)
        assert (waiting.returncode, out.splitlines()[1].split()[1]) == (3, "superseded"), told
        assert f"replaced by {newer['release_id']}" in out
        wait_until(reaches(stack, newer["release_id"], State.QUEUED))
        assert stack.command("releases", "cancel", newer["release_id"]).returncode == 0
        out, told = cancelled.communicate(timeout=60)
        assert (cancelled.returncode, out.splitlines()[1].split()[1]) == (3, "cancelled"), told


def test_the_tests_here_wait_for_every_closing_state() -> None:
    text = Path(__file__).read_text()
    assert [state for state in OUTCOMES if f', "{state}"' not in text] == []


def test_waiting_tells_the_execution_and_its_log(stack: Stack, file: Write) -> None:
    request = stack.a_request(script="sleep 2")
    done = stack.command("publish", file(request), "--wait", "--timeout", "60s")
    release = stack.release(request["release_id"])
    assert release
    assert release.execution
    assert f"execution {release.execution.rsplit('/', 1)[-1]}" in done.stderr
    assert f"log {release.log_uri}" in done.stderr


def test_an_id_is_chosen_and_printed_first_where_none_is_given(stack: Stack, file: Write) -> None:
    request = stack.a_request()
    del request["release_id"]
    done = stack.command("publish", file(request), "--wait", "--timeout", "60s")
    chosen = done.stdout.splitlines()[0]
    assert (done.returncode, chosen[:4]) == (0, "rel-"), done.stderr
    assert stack.release(chosen)


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


def test_the_time_may_run_out_and_the_release_goes_on(stack: Stack, file: Write, tmp_path: Path) -> None:
    door = tmp_path / "door"
    request = stack.a_request(**held_by(door))
    done = stack.command("publish", file(request), "--wait", "--timeout", "1s")
    assert done.returncode == 5
    assert f"interlock wait {request['release_id']}" in done.stderr
    door.touch()
    assert stack.command("wait", request["release_id"]).returncode == 0


def test_ctrl_c_stops_the_waiting_and_not_the_release(stack: Stack, file: Write, tmp_path: Path) -> None:
    door = tmp_path / "door"
    request = stack.a_request(**held_by(door))
    waiting = start(stack, "publish", file(request), "--wait")
    wait_until(reaches(stack, request["release_id"], State.STARTED))
    waiting.send_signal(signal.SIGINT)
    _, told = waiting.communicate(timeout=30)
    assert (waiting.returncode, "the release goes on" in told) == (130, True), told
    door.touch()
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


def test_a_stack_that_crashes_and_comes_back_changes_no_exit_code(
    own_stack: Callable[..., Stack], file: Write, tmp_path: Path
) -> None:
    """Whoever ran ends as the ledger says; whoever waited runs after the crash, and succeeds."""
    stack = own_stack(reconcile_every=1.0)
    door = tmp_path / "door"
    running = stack.a_request(**held_by(door, then="exit 4"), target_env="crash")
    first = start(stack, "publish", file(running), "--wait", "--timeout", "100s")
    wait_until(reaches(stack, running["release_id"], State.STARTED))
    queued = stack.a_request(target_env="crash")
    second = start(stack, "publish", write_to(tmp_path / "queued.json", queued), "--wait", "--timeout", "100s")
    wait_until(reaches(stack, queued["release_id"], State.QUEUED))
    stack.kill("supervisor")
    stack.down()
    door.touch()
    stack.up()
    told = [waiting.communicate(timeout=110)[1] for waiting in (first, second)]
    ended = stack.closed(running["release_id"]).state
    assert ended in {State.FAILED, State.ERRORED}
    assert (first.returncode, second.returncode) == (EXIT_CODES[ended], 0), told


@pytest.mark.slow
@pytest.mark.parametrize("part", ["dispatch_release", "report_status", "pubsub"])
def test_a_part_that_is_killed_meanwhile_changes_no_exit_code(part: str, stack: Stack, file: Write) -> None:
    request = stack.a_request(script="sleep 3; exit 4")
    waiting = start(stack, "publish", file(request), "--wait", "--timeout", "100s")
    wait_until(reaches(stack, request["release_id"], State.STARTED))
    killed = stack.kill(part)
    _, told = waiting.communicate(timeout=110)
    wait_until(lambda: stack.pid(part) not in {0, killed})
    assert waiting.returncode == 1, told


def test_set_changes_the_request_of_a_yaml_file(stack: Stack, tmp_path: Path) -> None:
    request = stack.a_request()
    file = tmp_path / "release.yaml"
    file.write_text("".join(f"{key}: {json.dumps(value)}\n" for key, value in request.items()))
    options = ("--set", "release_version=2.0.0", "--set", "params.SIZE:=3", "--wait", "--json")
    done = stack.command("publish", str(file), *options)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)["release"]["request"]
    assert (told["release_version"], told["params"]) == ("2.0.0", {"SIZE": 3})
