"""The completion entry, row by row as Cloud Run writes it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from interlock_local.audit_log.eventarc import binary_event, event_data
from interlock_local.audit_log.pending_deliveries import backoff
from interlock_local.cloud_run.audit_entry import completion_entry
from interlock_local.cloud_run.execution import AttemptEnding, Cause, Execution, cancel, end, start
from tests.unit.test_execution_lifecycle import CREATED, FAILED, NOW, an_execution, ran

EXITED, TIMED_OUT = AttemptEnding(Cause.EXITED, 0), AttemptEnding(Cause.TIMED_OUT, 143)


def an_entry(execution: Execution) -> dict[str, Any]:
    return completion_entry(execution, project_number="123456789012")


def entry_of(*endings: AttemptEnding) -> dict[str, Any]:
    return an_entry(ran(an_execution(tasks=len(endings)), *endings))


def cancelled_entry() -> dict[str, Any]:
    execution = cancel(start(an_execution(), 0, now=NOW), now=NOW)
    return an_entry(end(execution, 0, ending=AttemptEnding(Cause.STOPPED, 143), now=NOW))


def completed(entry: dict[str, Any]) -> dict[str, Any]:
    conditions = entry["protoPayload"]["response"]["status"]["conditions"]
    return next(condition for condition in conditions if condition["type"] == "Completed")


def counts(entry: dict[str, Any]) -> dict[str, int]:
    status = entry["protoPayload"]["response"]["status"]
    return {key: value for key, value in status.items() if key.endswith("Count")}


def test_a_success_has_no_code_no_reason_and_counts_only_successes() -> None:
    entry = entry_of(EXITED, EXITED)
    assert "code" not in entry["protoPayload"]["status"]
    assert completed(entry)["status"] == "True"
    assert "reason" not in completed(entry)
    assert counts(entry) == {"succeededCount": 2}
    assert entry["severity"] == "INFO"


def test_a_non_zero_exit_is_code_10_with_its_reason() -> None:
    entry = entry_of(FAILED)
    assert entry["protoPayload"]["status"] == {
        "code": 10,
        "message": "Execution release-agent-ab1cd has failed to complete, 0/1 tasks were a success.",
    }
    assert completed(entry)["status"] == "False"
    assert completed(entry)["reason"] == "NonZeroExitCode"
    assert "exit code: 3" in completed(entry)["message"]
    assert counts(entry) == {"failedCount": 1}
    assert entry["severity"] == "ERROR"


def test_a_failure_after_retries_counts_the_retried_task_and_reports_the_retry() -> None:
    entry = an_entry(ran(ran(an_execution(max_retries=1), FAILED), FAILED))
    assert counts(entry) == {"failedCount": 1, "retriedCount": 1}
    kinds = [condition["type"] for condition in entry["protoPayload"]["response"]["status"]["conditions"]]
    assert "Retry" in kinds


def test_a_timeout_is_code_4_and_has_a_message_but_no_reason() -> None:
    entry = entry_of(TIMED_OUT)
    assert entry["protoPayload"]["status"]["code"] == 4
    assert "reason" not in completed(entry)
    assert "The configured timeout was reached." in completed(entry)["message"]
    assert counts(entry) == {"failedCount": 1}


def test_a_cancel_is_code_2_with_its_reason_and_message() -> None:
    entry = cancelled_entry()
    assert entry["protoPayload"]["status"]["code"] == 2
    assert completed(entry)["reason"] == "CANCELLED"
    assert completed(entry)["message"] == "Cancelled by user."
    assert counts(entry) == {"cancelledCount": 1}


def test_a_command_that_cannot_run_has_neither_reason_nor_counts() -> None:
    entry = entry_of(AttemptEnding(Cause.UNSTARTABLE, 127))
    assert completed(entry)["status"] == "False"
    assert "reason" not in completed(entry)
    assert counts(entry) == {}
    assert "failed to start" in completed(entry)["message"]


def test_the_entry_names_what_completed_and_not_who_asked() -> None:
    entry = entry_of(EXITED)
    assert entry["logName"] == "projects/interlock-local/logs/cloudaudit.googleapis.com%2Fsystem_event"
    assert entry["resource"] == {
        "type": "cloud_run_job",
        "labels": {"job_name": "release-agent", "location": "local", "project_id": "interlock-local"},
    }
    assert entry["labels"] == {"run.googleapis.com/execution_name": "release-agent-ab1cd"}
    payload = entry["protoPayload"]
    assert set(payload) == {"@type", "serviceName", "methodName", "resourceName", "status", "response"}
    assert payload["methodName"] == "/Jobs.RunJob"
    assert payload["resourceName"] == "namespaces/interlock-local/executions/release-agent-ab1cd"


def test_the_execution_inside_has_the_form_of_v1() -> None:
    response = entry_of(EXITED)["protoPayload"]["response"]
    assert response["@type"] == "type.googleapis.com/google.cloud.run.v1.Execution"
    assert (response["apiVersion"], response["kind"]) == ("run.googleapis.com/v1", "Execution")
    assert response["metadata"]["namespace"] == "123456789012"
    assert "123456789012" in response["metadata"]["selfLink"]
    assert response["metadata"]["labels"]["run.googleapis.com/job"] == "release-agent"
    assert response["metadata"]["ownerReferences"][0]["kind"] == "Job"
    assert response["spec"]["template"]["spec"]["timeoutSeconds"] == "600"


def test_the_merged_environment_is_in_the_containers() -> None:
    execution = an_execution()
    execution = replace(execution, template=replace(execution.template, env={"A": "1", "B": "2"}))
    spec = an_entry(ran(execution, EXITED))["protoPayload"]["response"]["spec"]["template"]["spec"]
    assert spec["containers"][0]["env"] == [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]


def test_an_execution_cancelled_before_it_ran_has_no_start_time() -> None:
    status = an_entry(cancel(an_execution(), now=NOW))["protoPayload"]["response"]["status"]
    assert "startTime" not in status
    assert status["completionTime"].endswith("Z")


def test_the_same_execution_always_gives_the_same_entry() -> None:
    assert entry_of(EXITED) == entry_of(EXITED)


def test_eventarc_leaves_out_the_payloads_type_and_keeps_the_inner_one() -> None:
    data = event_data(entry_of(EXITED))
    assert "@type" not in data["protoPayload"]
    assert "@type" in data["protoPayload"]["response"]


def test_the_event_is_an_audit_log_event_with_googles_attributes() -> None:
    attributes = binary_event(entry_of(EXITED))[0]
    log = "projects/interlock-local/logs/cloudaudit.googleapis.com%2Fsystem_event"
    assert attributes["ce-type"] == "google.cloud.audit.log.v1.written"
    assert attributes["ce-methodname"] == "/Jobs.RunJob"
    assert attributes["ce-subject"] == f"run.googleapis.com/{attributes['ce-resourcename']}"
    assert attributes["ce-id"].startswith(f"{log}-0b1c2d3e4f504a61")
    assert attributes["ce-id"].endswith(str(int(NOW.timestamp() * 1_000_000)))


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 0.25), (1, 0.5), (4, 4), (50, 30)])
def test_the_backoff_between_deliveries_doubles_up_to_half_a_minute(attempts: int, seconds: float) -> None:
    assert backoff(attempts) == timedelta(seconds=seconds)


def test_the_success_message_says_how_long_it_took() -> None:
    assert completed(entry_of(EXITED))["message"] == "Execution completed successfully in 5.00s."
    assert timedelta(seconds=5) == NOW - CREATED
