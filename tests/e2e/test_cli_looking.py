"""Looking at releases and lanes of the running stack."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from interlock.domain.releases.model import State
from tests.e2e.stack import COMMAND, Stack, wait_until
from tests.e2e.story import held_by


@pytest.fixture
def lane(stack: Stack) -> Iterator[str]:
    """Return a lane that `<env>-1` holds and `<env>-2` waits for."""
    env = f"env-{uuid4().hex[:8]}"
    stack.publish(stack.a_request(f"{env}-1", target_env=env, script="echo deploying now; sleep 60"))
    wait_until(lambda: (found := stack.release(f"{env}-1")) and found.state is State.STARTED)
    stack.publish(stack.a_request(f"{env}-2", target_env=env))
    wait_until(lambda: stack.release(f"{env}-2"))
    yield f"{env}/default"
    for number in (2, 1):
        stack.publish({"cancel": f"{env}-{number}"})
    stack.closed(f"{env}-1")


def test_a_lane_tells_who_holds_it_and_who_waits(stack: Stack, lane: str) -> None:
    env = lane.split("/", maxsplit=1)[0]
    told = json.loads(stack.command("lanes", "show", lane, "--json").stdout)
    assert (told["holders"], [one["release_id"] for one in told["queue"]]) == ([f"{env}-1"], [f"{env}-2"])
    [row] = [row for row in stack.command("lanes", "list").stdout.splitlines() if row.startswith(lane)]
    assert row.split() == [lane, f"{env}-1", "1", f"{env}-2"]


def test_releases_are_found_by_lane_and_state(stack: Stack, lane: str) -> None:
    env = lane.split("/", maxsplit=1)[0]
    queued = stack.command("releases", "list", "--lane", lane, "--state", "queued", "--since", "1h", "--json")
    assert [one["release_id"] for one in json.loads(queued.stdout)] == [f"{env}-2"]
    listed = stack.command("releases", "list", "--env", env, "--state", "open", "--limit", "1")
    assert len(listed.stdout.splitlines()) == 2


def test_logs_are_what_the_script_writes(stack: Stack, lane: str) -> None:
    first = f"{lane.split('/', maxsplit=1)[0]}-1"
    wait_until(lambda: "deploying now" in stack.command("logs", first).stdout)


def test_cancelling_ends_a_release_and_the_log_that_is_followed(stack: Stack, lane: str) -> None:
    first = f"{lane.split('/', maxsplit=1)[0]}-1"
    done = stack.command("releases", "cancel", first, "--reason", "wrong version", "--by", "ann")
    assert done.returncode == 0
    followed = stack.command("logs", first, "--follow", "--json")
    assert json.loads(followed.stdout.splitlines()[0])["message"]
    assert stack.command("wait", first, "--timeout", "60s").returncode == 3


def test_watching_tells_each_change_until_nothing_is_open(stack: Stack, tmp_path: Path) -> None:
    door = tmp_path / "door"
    request = stack.a_request(**held_by(door))
    stack.publish(request)
    wait_until(lambda: stack.release(request["release_id"]))
    arguments = ("watch", "--until-idle", "--every", "0.3", "--timeout", "50s")
    with subprocess.Popen([*COMMAND, *arguments], env=stack.environment, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout
        lines = filter(lambda line: request["release_id"] in line, watching.stdout)
        states = [next(lines).split()[1]]
        door.touch()
        states += [line.split()[1] for line in lines]
    assert states[-1] == "succeeded"
