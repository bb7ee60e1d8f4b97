"""doctor on the running stack: all well, and each fault with what to do about it."""

import json
from pathlib import Path

from interlock_local.stack.plan import DEFAULT_ROUTES
from tests.e2e.stack import Stack, run_command


def findings(stack: Stack, **changes: str) -> tuple[int, dict[str, dict[str, str]]]:
    done = run_command("doctor", "--json", environment={**stack.environment, **changes})
    return done.returncode, {one["what"]: one for one in json.loads(done.stdout)}


def test_a_running_stack_is_well(stack: Stack) -> None:
    code, found = findings(stack, INTERLOCK_ROUTES=str(DEFAULT_ROUTES))
    assert [one["found"] for one in found.values() if one["state"] == "fault"] == []
    assert code == 0
    assert found["subscription dispatch-release"]["state"] == "ok"


def test_a_ledger_that_cannot_be_opened_is_a_fault_and_the_rest_is_still_looked_at(
    stack: Stack, tmp_path: Path
) -> None:
    code, found = findings(stack, INTERLOCK_LEDGER=f"sqlite://{tmp_path}/none/ledger.db")
    assert (code, found["ledger"]["state"], found["topic release-status"]["state"]) == (1, "fault", "ok")


def test_a_topic_that_is_missing_is_a_fault(stack: Stack) -> None:
    code, found = findings(stack, INTERLOCK_STATUS_TOPIC="projects/interlock-local/topics/none")
    assert (code, found["topic none"]["state"], found["topic none"]["remedy"]) == (1, "fault", "run: terraform apply")


def test_a_job_that_is_missing_is_a_fault(stack: Stack) -> None:
    routes = {"routes": [{"name": "a", "job": "projects/interlock-local/locations/local/jobs/none"}]}
    code, found = findings(stack, INTERLOCK_ROUTES=json.dumps(routes))
    assert (code, found["job interlock-local/local/none"]["state"]) == (1, "fault")
