"""The entries that the stand-in writes, read by Interlock's own reader."""

from dataclasses import replace
from typing import Any

import pytest

from interlock.domain.executions.completion import read_completion
from interlock.domain.releases.events import ExecutionEnded
from interlock_local.audit_log.eventarc import event_data
from interlock_local.cloud_run.audit_entry import completion_entry
from interlock_local.cloud_run.execution import AttemptEnding, Cause, Execution, cancel
from tests.unit.test_execution_lifecycle import FAILED, NOW, an_execution, ran

RELEASE = {"INTERLOCK_RELEASE_ID": "web-1.2.4", "INTERLOCK_ATTEMPT": "2", "INTERLOCK_FENCE": "3"}


def a_release(*, tasks: int = 1) -> Execution:
    execution = an_execution(tasks=tasks)
    return replace(execution, template=replace(execution.template, env=RELEASE))


def read(entry: dict[str, Any]) -> ExecutionEnded:
    completion = read_completion(entry)
    assert isinstance(completion, ExecutionEnded)
    return completion


@pytest.mark.parametrize(
    ("ending", "outcome", "reason"),
    [
        (AttemptEnding(Cause.EXITED, 0), "succeeded", None),
        (FAILED, "failed", "non_zero_exit"),
        (AttemptEnding(Cause.TIMED_OUT, 143), "failed", "timeout"),
        (AttemptEnding(Cause.UNSTARTABLE, 127), "failed", "start_failed"),
        (AttemptEnding(Cause.LOST, 137), "failed", "non_zero_exit"),
    ],
)
def test_every_ending_is_read_as_what_it_was(ending: AttemptEnding, outcome: str, reason: str | None) -> None:
    entry = completion_entry(ran(a_release(), ending), project_number="123456789012")
    for completion in (read(entry), read(event_data(entry))):
        assert (completion.state, completion.result.reason) == (outcome, reason)


def test_a_cancel_is_read_as_cancelled() -> None:
    entry = completion_entry(cancel(a_release(), now=NOW), project_number="123456789012")
    assert read(entry).state == "cancelled"


def test_the_release_and_the_execution_are_found() -> None:
    execution = ran(a_release(), FAILED)
    completion = read(completion_entry(execution, project_number="123456789012"))
    assert (completion.release_id, completion.attempt, completion.fencing_token) == ("web-1.2.4", 2, 3)
    assert completion.execution == execution.full_name
    assert completion.result.exit_code == 3
