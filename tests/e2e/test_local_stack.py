"""`interlock local up/env/down`: ready means ready, refusals are clear, and no death costs anything."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import urllib3

from interlock_local.emulators.google_emulators import Kind, find_emulator
from interlock_local.stack import names
from interlock_local.stack.control import running_environment
from interlock_local.stack.process import ProcessIdentity, identify
from interlock_local.stack.state import read_record
from tests.e2e.stack import COMMAND, Stack, run_command, wait_until


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_published_release_runs_its_script(stack: Stack) -> None:
    with stack.tail() as tail:
        told: list[dict[str, object]] = []
        request = stack.a_request(script='echo "$RELEASE_VERSION" > "$RELEASE_PARAM_OUT"', params={"OUT": "/dev/null"})
        stack.publish(request)

        release = stack.closed(request["release_id"])

        def states() -> list[object]:
            told.extend(event for event in tail.pull() if event["release_id"] == request["release_id"])
            return [event["state"] for event in told]

        wait_until(lambda: {"started", "succeeded"} <= set(states()))
    assert release.state == "succeeded"


def test_env_prints_exports_that_a_shell_can_take(stack: Stack) -> None:
    printed = stack.command("local", "env", "--state", str(stack.plan.state)).stdout
    script = f'{printed}\nprintf "%s" "$INTERLOCK_REQUESTS_TOPIC $PUBSUB_EMULATOR_HOST"'
    shell = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True, env={})
    assert shell.stdout == f"{names.REQUESTS} {stack.plan.address('pubsub')}"


def test_env_names_what_the_commands_need(stack: Stack) -> None:
    printed = json.loads(stack.command("local", "env", "--json").stdout)
    for part, variable in (("dispatch_release", "INTERLOCK_DISPATCH_URL"), ("report_status", "INTERLOCK_REPORT_URL")):
        assert printed[variable] == stack.plan.url(part)
    assert printed == running_environment(stack.plan.state)
    assert printed["INTERLOCK_STATE"] == str(stack.plan.state)


def test_env_of_nothing_says_how_to_start(tmp_path: Path) -> None:
    ended = run_command("local", "env", "--state", str(tmp_path))
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert re.fullmatch(r"error: no local stack runs on .*\nhint: +interlock local up .*\n", ended.stderr)


def test_down_of_nothing_is_fine(tmp_path: Path) -> None:
    ended = run_command("local", "down", "--state", str(tmp_path))
    assert (ended.returncode, ended.stdout) == (0, "not running\n")


def test_a_taken_port_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ended = run_command("local", "up", "--detach", "--state", str(tmp_path), "--port-base", str(port - 1))
    assert ended.returncode == 1
    assert f"{port} (for cloud_run)" in ended.stderr
    assert "--port-base" in ended.stderr
    assert not (tmp_path / "logs" / "pubsub.log").exists()


def test_a_second_stack_on_one_state_is_refused(stack: Stack) -> None:
    ended = run_command("local", "up", "--detach", "--state", str(stack.plan.state), "--port-base", "0")
    assert ended.returncode == 1
    assert f"already running on {stack.plan.state} (pid {stack.pid('supervisor')})" in ended.stderr
    assert f"interlock local down --state {stack.plan.state}" in ended.stderr


def test_a_part_that_cannot_start_ends_the_start_and_shows_its_words(tmp_path: Path) -> None:
    routes = tmp_path / "routes.json"
    routes.write_text('{"routes": [{"name": "odd"}]}')
    ended = run_command(
        "local", "up", "--detach", "--state", str(tmp_path), "--port-base", "0", "--routes", str(routes)
    )
    assert ended.returncode == 1
    assert "the routes cannot be used" in ended.stderr
    assert str(routes) in ended.stderr


def test_functions_that_do_not_load_end_the_start(tmp_path: Path, own_stack: Callable[..., Stack]) -> None:
    source = tmp_path / "main.py"
    source.write_text("raise RuntimeError('this function is broken')")
    from interlock_local.stack.errors import ServiceFailed

    with pytest.raises(ServiceFailed) as caught:
        own_stack(functions_source=source)
    assert "this function is broken" in "\n".join(caught.value.log)
    record = read_record(tmp_path / "state")
    assert record
    assert not record.is_running
    assert not any(answers(port) for port in record.ports.values())


def test_every_part_that_dies_is_started_again(own_stack: Callable[..., Stack]) -> None:
    stack = own_stack()
    request = stack.a_request()
    parts = ("pubsub", "cloud_run", *names.FUNCTIONS, "scheduler")
    killed = {part: stack.kill(part) for part in parts}

    wait_until(lambda: all(stack.pid(part) not in (0, killed[part]) for part in parts))
    wait_until(lambda: answers(stack.plan.ports["pubsub"]))
    wait_until(lambda: published(stack, request))

    assert stack.closed(request["release_id"]).state == "succeeded"


def published(stack: Stack, request: dict[str, object]) -> bool:
    from google.api_core.exceptions import ServiceUnavailable

    try:
        stack.publish(request)
    except ServiceUnavailable:
        return False
    return True


def test_a_killed_supervisor_takes_its_parts_along_and_up_goes_on(own_stack: Callable[..., Stack]) -> None:
    stack = own_stack()
    first = stack.a_request()
    stack.publish(first)
    stack.closed(first["release_id"])
    before = read_record(stack.plan.state)
    assert before

    stack.kill("supervisor")
    wait_until(lambda: not any(map(alive, before.services.values())))
    stack.up()

    second = stack.a_request()
    stack.publish(second)
    assert stack.closed(second["release_id"]).state == "succeeded"
    assert stack.closed(first["release_id"]).state == "succeeded"


def alive(process: ProcessIdentity) -> bool:
    return identify(process.pid) == process


def test_a_release_that_runs_while_the_stack_is_killed_is_closed_after_the_next_start(
    own_stack: Callable[..., Stack], tmp_path: Path
) -> None:
    stack = own_stack()
    runs = tmp_path / "runs"
    request = stack.a_request(script=f'echo run >> "{runs}"; sleep 4')
    stack.publish(request)
    wait_until(runs.exists)

    stack.kill("supervisor")
    stack.up()

    assert stack.closed(request["release_id"]).state == "succeeded"
    assert runs.read_text() == "run\n"


def test_a_crash_of_everything_loses_no_message_and_runs_nothing_twice(
    own_stack: Callable[..., Stack], tmp_path: Path
) -> None:
    stack = own_stack(reconcile_every=2.0)
    runs = tmp_path / "runs"
    requests = [stack.a_request(f"r-{number:02}", script=f"echo r-{number:02} >> '{runs}'") for number in range(20)]
    for request in requests:
        stack.publish(request)

    for part in ("supervisor", "pubsub", "cloud_run", *names.FUNCTIONS):
        with contextlib.suppress(ProcessLookupError):
            stack.kill(part)
    stack.up()

    ended = [stack.closed(request["release_id"]) for request in requests]
    assert {release.state for release in ended} == {"succeeded"}
    assert sorted(runs.read_text().split()) == sorted(request["release_id"] for request in requests)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_foreground_form_stops_all_on_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    command = [*COMMAND, "local", "up", "--state", str(tmp_path), "--port-base", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = iter(process.stdout.readline, "")
        assert any(line.startswith("ready") for line in lines)
        record = read_record(tmp_path)
        assert record
        assert record.supervisor.pid == process.pid
        os.kill(process.pid, number)
        assert process.wait(60) == 0
    assert not any(answers(port) for port in record.ports.values())
    assert not any(map(alive, record.services.values()))


def test_down_ends_the_scripts_that_run(own_stack: Callable[..., Stack], tmp_path: Path) -> None:
    stack = own_stack()
    pid_file = tmp_path / "pid"
    request = stack.a_request(script=f'echo $$ > "{pid_file}"; sleep 600')
    stack.publish(request)
    wait_until(lambda: pid_file.exists() and pid_file.read_text().strip())

    assert stack.down()

    assert identify(int(pid_file.read_text())) is None


def test_ready_means_that_the_first_call_of_every_part_succeeds(own_stack: Callable[..., Stack]) -> None:
    stack = own_stack()
    for function in names.FUNCTIONS:
        answer = urllib3.request("POST", stack.plan.url(function), body=b"{}", retries=False, timeout=10)
        assert answer.status < 500
    subscriptions = stack.publisher.list_topic_subscriptions(topic=names.REQUESTS, timeout=10)
    assert list(subscriptions) == [names.subscription("dispatch-release")]


@pytest.mark.slow
@pytest.mark.parametrize("ledger", ["sqlite", "official"])
def test_the_official_emulators_take_the_stand_ins_place(own_stack: Callable[..., Stack], ledger: str) -> None:
    kinds: tuple[Kind, ...] = ("pubsub", "firestore") if ledger == "official" else ("pubsub",)
    for kind in kinds:
        if find_emulator(kind) is None:
            pytest.skip(f"Google's {kind} emulator or Java is missing")
    stack = own_stack(pubsub="official", ledger=ledger)
    request = stack.a_request()

    stack.publish(request)

    wait_until(lambda: '"succeeded"' in stack.command("releases", "show", request["release_id"], "--json").stdout)
