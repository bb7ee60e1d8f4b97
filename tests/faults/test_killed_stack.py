"""The whole stack is lost at once, in the middle of a release, with more of them waiting."""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from interlock_local.stack.state import read_record
from tests.e2e.stack import Stack, plan_for, wait_until

QUEUED = 10


def kill_whole(stack: Stack) -> None:
    """Kill the supervisor and every part at once, each with all of its group."""
    record = read_record(stack.plan.state)
    assert record
    for process in (record.supervisor, *record.services.values()):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def test_a_stack_killed_whole_goes_on_with_what_ran_and_what_waited(
    tmp_path: Path, ends: Callable[..., object]
) -> None:
    tally = tmp_path / "tally"
    stack = Stack(plan_for(tmp_path / "state", reconcile_every=2.0))
    ends(stack.down)
    stack.up()
    script = (
        f'echo "start $RELEASE_ID" >> "{tally}"; sleep "$RELEASE_PARAM_SECONDS"; echo "end $RELEASE_ID" >> "{tally}"'
    )
    running = stack.a_request("release-00", script=script, params={"SECONDS": 4})
    waiting = [
        {**running, "release_id": f"release-{number:02}", "params": {"SECONDS": 0.1}} for number in range(1, QUEUED + 1)
    ]
    stack.publish(running)
    wait_until(tally.exists)
    for request in waiting:
        stack.publish(request)

    kill_whole(stack)
    stack.up()

    everyone = [running["release_id"], *(request["release_id"] for request in waiting)]
    assert {stack.closed(release_id).state.value for release_id in everyone} == {"succeeded"}
    runs = [line.split() for line in tally.read_text().splitlines()]
    assert [word for word, _ in runs] == ["start", "end"] * len(everyone)
    assert sorted(one for word, one in runs if word == "start") == everyone
    assert sorted(one for word, one in runs if word == "end") == everyone
