"""Dead letters of the running stack: read, discarded, mended and replayed, one or two hundred at a time."""

import json
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from interlock.domain.dead_letters.stored import StoredDeadLetter
from interlock.domain.releases.model import State
from interlock_local.stack.plan import DEFAULT_ROUTES
from tests.e2e.stack import Stack, run_command, wait_until

GROUP_OF, ALREADY = 200, 5


def letter_of(stack: Stack, release_id: str) -> StoredDeadLetter:
    def look() -> StoredDeadLetter | None:
        found = stack.ledger.newest("dead_letters")
        letters = [one for one in found if isinstance(one, StoredDeadLetter) and one.letter.release_id == release_id]
        return letters[0] if letters else None

    found = wait_until(look)
    assert found
    return found


def test_a_rejected_message_is_shown_mended_and_replayed(stack: Stack, tmp_path: Path) -> None:
    request = stack.a_request()
    version = request.pop("release_version")
    stack.publish(request, team="web")
    letter_id = letter_of(stack, request["release_id"]).letter.dead_letter_id
    shown = stack.command("dead-letters", "show", letter_id)
    assert "The message breaks the contract." in shown.stdout
    assert "attribute  team=web" in shown.stdout
    again = stack.command("dead-letters", "replay", letter_id, "--yes")
    assert (again.returncode, "rejected again" in again.stdout) == (2, True)

    editor = tmp_path / "editor"
    editor.write_text(f'#!/bin/sh\nsed -i \'s/^{{/{{"release_version": "{version}",/\' "$1"\n')
    editor.chmod(0o755)
    environment = {**stack.environment, "EDITOR": str(editor), "VISUAL": ""}
    mended = run_command("dead-letters", "replay", letter_id, "--edit", "--yes", environment=environment)
    assert mended.returncode == 0, mended.stderr
    wait_until(lambda: (one := stack.release(request["release_id"])) and one.state is State.SUCCEEDED)
    settled = json.loads(stack.command("dead-letters", "show", letter_id, "--json").stdout)["settlement"]
    assert (settled["action"], settled["reason"]) == ("replayed", "(edited)")


def test_a_discarded_letter_leaves_the_list(stack: Stack) -> None:
    name = f"stray-{uuid4().hex[:8]}"
    stack.publish({"release_id": name, "nonsense": True})
    letter_id = letter_of(stack, name).letter.dead_letter_id
    assert letter_id in stack.command("dead-letters", "list").stdout
    assert stack.command("dead-letters", "discard", letter_id, "--reason", "a test").returncode == 0
    assert letter_id not in stack.command("dead-letters", "list").stdout
    assert letter_id in stack.command("dead-letters", "list", "--all").stdout


@pytest.mark.slow
def test_of_two_hundred_letters_of_one_cause_each_runs_once_or_is_told_as_a_duplicate(
    own_stack: Callable[..., Stack], tmp_path: Path
) -> None:
    routes = tmp_path / "routes.json"
    document = json.loads(DEFAULT_ROUTES.read_text())
    [route] = document["routes"]
    parallel = {**route, "lane_mode": "parallel", "max_parallel": 4, "lane": "all", "max_queue": 1000}
    mended = {"routes": [parallel]}
    routes.write_text(json.dumps({"routes": [{**parallel, "match": {"service": "other"}}]}))
    stack = own_stack(routes=routes)
    tally = tmp_path / "tally"
    request = stack.a_request(script=f'echo "$RELEASE_ID" >> {tally}')
    ids = [f"r{number}" for number in range(GROUP_OF)]
    for name in ids:
        stack.publish({**request, "release_id": name})
    wait_until(lambda: len(list(stack.ledger.newest("dead_letters"))) == GROUP_OF, within=200)
    [group] = json.loads(stack.command("dead-letters", "list", "--group", "--json").stdout)
    assert (group["reason"], group["count"]) == ("no_route", GROUP_OF)

    stack.down()
    routes.write_text(json.dumps(mended))
    stack.up()
    for name in ids[:ALREADY]:  # their sender has not waited for on-call
        stack.publish({**request, "release_id": name})
    wait_until(lambda: all((one := stack.release(name)) and one.state is State.SUCCEEDED for name in ids[:ALREADY]))
    replayed = stack.command("dead-letters", "replay", "--group", group["group"], "--yes", "--json", timeout=200)
    assert replayed.returncode == 0, replayed.stderr
    told = {one["release_id"]: one["would"] for one in json.loads(replayed.stdout)}
    assert {name for name in ids if told[name] == "duplicate"} == set(ids[:ALREADY])
    wait_until(lambda: tally.exists() and len(tally.read_text().split()) >= GROUP_OF, within=250)
    wait_until(lambda: all((one := stack.release(name)) and one.state is State.SUCCEEDED for name in ids), within=100)
    assert sorted(tally.read_text().split()) == sorted(ids)
    assert stack.command("dead-letters", "replay", "--group", group["group"], "--yes").returncode == 1
