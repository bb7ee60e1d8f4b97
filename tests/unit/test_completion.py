"""What an ended execution means for its release."""

import copy
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.cloud_events import parse_delivery
from interlock.domain.executions.completion import NotACompletion, read_completion
from interlock.domain.executions.outcome import Counts, bounded_detail, outcome_of
from interlock.domain.releases.events import ExecutionEnded
from interlock.domain.releases.model import Result, State
from interlock.domain.requests.delivery import Unreadable, log_entry
from tests.events.load import event, names

JOB = "projects/acme-releases/locations/europe-west1/jobs/release-agent"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def entry_of(name: str) -> dict[str, Any]:
    delivery = parse_delivery(*event(name))
    assert not isinstance(delivery, Unreadable)
    entry = log_entry(delivery)
    assert isinstance(entry, dict)
    return entry


def completion_of(name: str) -> ExecutionEnded:
    completion = read_completion(entry_of(name))
    assert isinstance(completion, ExecutionEnded), completion
    return completion


def changed(path: str, value: object, name: str = "completion-succeeded") -> ExecutionEnded | NotACompletion:
    """The named entry with one thing changed, or left out by None."""
    entry = copy.deepcopy(entry_of(name))
    *parents, last = path.split("/")
    place = entry
    for key in parents:
        place = place[key]
    place.pop(last, None)
    if value is not None:
        place[last] = value
    return read_completion(entry)


@pytest.mark.parametrize(
    ("name", "outcome", "reason"),
    [
        ("completion-succeeded", "succeeded", None),
        ("completion-succeeded-structured", "succeeded", None),
        ("completion-succeeded-log-sink", "succeeded", None),
        ("completion-succeeded-log-sink-eventarc", "succeeded", None),
        ("completion-counts-as-floats", "succeeded", None),
        ("completion-retried", "succeeded", None),
        ("completion-other-order", "succeeded", None),
        ("completion-non-zero-exit", "failed", "non_zero_exit"),
        ("completion-non-zero-exit-2026", "failed", "non_zero_exit"),
        ("completion-non-zero-exit-without-reason", "failed", "non_zero_exit"),
        ("completion-retry-after-completion", "failed", "non_zero_exit"),
        ("completion-timeout", "failed", "timeout"),
        ("completion-out-of-memory", "failed", "out_of_memory"),
        ("completion-start-failed", "failed", "start_failed"),
        ("completion-cancelled", "cancelled", "cancelled"),
        ("completion-cancelled-count-only", "cancelled", "cancelled"),
        ("completion-partial", "errored", "inconsistent"),
    ],
)
def test_every_kind_of_completion_has_its_outcome_and_reason(name: str, outcome: str, reason: str | None) -> None:
    completion = completion_of(name)
    assert (completion.state, completion.result.reason) == (outcome, reason)


def test_the_table_of_outcomes_covers_every_payload_file() -> None:
    marks = test_every_kind_of_completion_has_its_outcome_and_reason.pytestmark  # type: ignore[attr-defined]
    told = {row[0] for row in marks[0].args[1]} | {"completion-without-release"}
    assert sorted(told) == names("completion-")


def test_a_completion_names_its_execution_job_and_release() -> None:
    completion = completion_of("completion-succeeded")
    assert completion.execution == f"{JOB}/executions/release-agent-x7k2p"
    assert (completion.release_id, completion.attempt, completion.fencing_token) == ("web-1.2.4", 1, 1)
    assert completion.log_uri is not None
    assert completion.log_uri.startswith("https://console.cloud.google.com/logs/")


def test_both_delivery_routes_yield_one_completion() -> None:
    assert completion_of("completion-succeeded") == completion_of("completion-succeeded-log-sink")


def test_the_order_of_conditions_variables_and_containers_does_not_matter() -> None:
    assert completion_of("completion-other-order") == completion_of("completion-succeeded")


def test_the_execution_s_label_names_it_where_the_rest_is_gone() -> None:
    entry = copy.deepcopy(entry_of("completion-succeeded"))
    del entry["protoPayload"]["resourceName"]
    del entry["protoPayload"]["response"]["metadata"]["name"]
    completion = read_completion(entry)
    assert isinstance(completion, ExecutionEnded)
    assert completion.execution == f"{JOB}/executions/release-agent-x7k2p"


def test_the_first_container_that_sets_a_variable_counts() -> None:
    entry = copy.deepcopy(entry_of("completion-succeeded"))
    containers = entry["protoPayload"]["response"]["spec"]["template"]["spec"]["containers"]
    containers.append({"env": [{"name": "INTERLOCK_RELEASE_ID", "value": "another"}]})
    completion = read_completion(entry)
    assert isinstance(completion, ExecutionEnded)
    assert completion.release_id == "web-1.2.4"


def test_an_execution_that_nobody_released_is_not_ours() -> None:
    assert read_completion(entry_of("completion-without-release")) == NotACompletion("its execution bears no release")


def test_the_exit_code_is_told_where_the_text_has_it() -> None:
    assert completion_of("completion-non-zero-exit-2026").result.exit_code == 3
    assert completion_of("completion-non-zero-exit").result.exit_code is None


def test_counts_left_out_are_zero() -> None:
    without = changed("protoPayload/response/status/succeededCount", None)
    assert isinstance(without, ExecutionEnded)
    assert (without.state, without.result.detail) == ("errored", "completed, yet 0 of 1 tasks succeeded and 0 failed")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ignored-start-v1", "it is not of the system_event log"),
        ("ignored-start-v2", "it is not of the system_event log"),
        ("ignored-create-job", "its method is not /Jobs.RunJob"),
        ("ignored-update-job", "its method is not /Jobs.RunJob"),
        ("ignored-split-entry", "it is a part of a split entry"),
        ("ignored-still-running", "its Completed condition is neither True nor False"),
    ],
)
def test_what_is_no_completion_is_ignored_with_its_reason(name: str, reason: str) -> None:
    assert read_completion(entry_of(name)) == NotACompletion(reason)


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("logName", None, "it is not of the system_event log"),
        (
            "logName",
            "projects/p/logs/x.cloudaudit.googleapis.com%2Fsystem_event.old",
            "it is not of the system_event log",
        ),
        ("protoPayload/methodName", "Jobs.RunJob", "its method is not /Jobs.RunJob"),
        ("protoPayload/response", None, "it holds no execution"),
        ("protoPayload/response", {"kind": "Job"}, "it holds no execution"),
        ("protoPayload/response/status/conditions", None, "its execution has no Completed condition"),
        (
            "protoPayload/response/status/conditions",
            [{"type": "Started", "status": "True"}],
            "its execution has no Completed condition",
        ),
        ("protoPayload/response/status/succeededCount", 1.5, "its counts are not whole numbers"),
        ("protoPayload/response/status/failedCount", "many", "its counts are not whole numbers"),
        ("protoPayload/response/spec/taskCount", -1, "its counts are not whole numbers"),
        ("resource/labels/location", "a/../b", "it names no execution, job, location and project"),
        ("protoPayload/response/metadata/name", "a b", "it names no execution, job, location and project"),
    ],
)
def test_a_damaged_entry_is_ignored_with_its_reason(path: str, value: object, reason: str) -> None:
    assert changed(path, value) == NotACompletion(reason)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("resource", None),
        ("resource/labels/project_id", "123456789012"),
        ("labels", None),
        ("protoPayload/response/metadata/name", None),
        ("protoPayload/resourceName", None),
        ("protoPayload/response/kind", None),
        ("protoPayload/response/@type", None),
        ("protoPayload/serviceName", None),
        ("logName", "projects/acme-releases/logs/cloudaudit.googleapis.com/system_event"),
    ],
)
def test_names_are_found_even_where_one_place_lacks_them(path: str, value: object) -> None:
    completion = changed(path, value)
    assert isinstance(completion, ExecutionEnded)
    assert completion.execution == f"{JOB}/executions/release-agent-x7k2p"


@pytest.mark.parametrize("code", [2, 4, 10])
def test_the_status_code_decides_nothing(code: int) -> None:
    completion = changed("protoPayload/status", {"code": code})
    assert isinstance(completion, ExecutionEnded)
    assert completion.state == "succeeded"


def outcome(
    completed: bool | None, reason: str | None = None, message: str | None = None, **counts: int
) -> tuple[State, Result] | None:
    return outcome_of(completed, reason, message=message, counts=Counts(**counts), task_count=1)


def test_an_execution_that_has_not_ended_has_no_outcome() -> None:
    assert outcome(None, "CANCELLING", cancelled=1) is None


@pytest.mark.parametrize("reason", ["CANCELLED", "Cancelled", "CANCELLING", "canceled"])
def test_a_cancel_comes_before_every_other_outcome(reason: str) -> None:
    for completed in (True, False):
        found = outcome(completed, reason, succeeded=1)
        assert found is not None
        assert found[0] == "cancelled"


@pytest.mark.parametrize(
    ("reason", "message", "word"),
    [
        ("NonZeroExitCode", None, "non_zero_exit"),
        ("NON_ZERO_EXIT_CODE", None, "non_zero_exit"),
        ("JOB_STATUS_SERVICE_POLLING_ERROR", None, "job_status_service_polling_error"),
        ("DELETED", None, "deleted"),
        (None, "Task timeout-memory-limit-task0 stopped.", "unknown"),
        (None, "The container exited with an error.", "non_zero_exit"),
        (None, "Task t-task0 failed with exit code: 137 and message: out of memory", "non_zero_exit"),
        (None, "Memory limit of 512 MiB exceeded with 530 MiB used.", "out_of_memory"),
        (None, "Terminating task because it has reached the maximum timeout of 600 seconds.", "timeout"),
        (None, None, "unknown"),
        ("!!!", None, "unknown"),
    ],
)
def test_a_failure_s_reason_is_one_word(reason: str | None, message: str | None, word: str) -> None:
    found = outcome(False, reason, message, failed=1)
    assert found is not None
    assert (found[0], found[1].reason) == ("failed", word)


def test_a_failure_before_any_task_ran_is_a_failed_start() -> None:
    found = outcome(False, None, "Image 'x' not found.")
    assert found is not None
    assert (found[1].reason, found[1].detail) == ("start_failed", "Image 'x' not found.")


@settings(deadline=None)
@given(succeeded=st.integers(0, 4), failed=st.integers(0, 4), task_count=st.integers(1, 4))
def test_success_is_exactly_all_tasks_succeeded_and_none_failed(succeeded: int, failed: int, task_count: int) -> None:
    counts = Counts(succeeded=succeeded, failed=failed)
    found = outcome_of(True, None, message=None, counts=counts, task_count=task_count)
    assert found is not None
    assert found[0] == ("succeeded" if succeeded == task_count and not failed else "errored")


def test_the_detail_is_bounded_and_without_credentials() -> None:
    detail = bounded_detail("failed with exit code: 1 and message: password=hunter2 " + "x" * 900)
    assert detail is not None
    assert "hunter2" not in detail
    assert len(detail) == 500
    assert bounded_detail("  ") is None


@settings(deadline=None)
@given(JSON)
def test_no_entry_whatever_raises(value: Any) -> None:
    entry = value if isinstance(value, Mapping) else {"protoPayload": value}
    assert isinstance(read_completion(entry), NotACompletion)


PLACES = [
    "logName",
    "protoPayload",
    "protoPayload/response",
    "protoPayload/response/metadata",
    "protoPayload/response/metadata/name",
    "protoPayload/response/spec",
    "protoPayload/response/spec/taskCount",
    "protoPayload/response/spec/template/spec/containers",
    "protoPayload/response/status",
    "protoPayload/response/status/conditions",
    "protoPayload/response/status/succeededCount",
    "protoPayload/response/status/startTime",
    "protoPayload/response/status/logUri",
    "resource",
    "resource/labels",
    "labels",
    "split",
]


@settings(deadline=None)
@given(path=st.sampled_from(PLACES), value=JSON)
def test_no_damage_at_any_place_raises(path: str, value: object) -> None:
    damaged = changed(path, value)
    assert isinstance(damaged, ExecutionEnded | NotACompletion)
    assert isinstance(damaged, NotACompletion) or json.dumps(damaged.execution)


LIMITS_REACHED = {
    "The configured memory limit was reached.": "out_of_memory",
    "The configured timeout was reached.": "timeout",
}


@pytest.mark.parametrize("reason", [None, "NonZeroExitCode"])
@pytest.mark.parametrize(("words", "word"), LIMITS_REACHED.items(), ids=LIMITS_REACHED.values())
def test_a_limit_that_ended_a_task_is_told_before_its_exit_code_of_0(words: str, word: str, reason: str | None) -> None:
    found = outcome(False, reason, f"Task t-task0 failed with exit code: 0 and message: {words}", failed=1)
    assert found is not None
    assert (found[0], found[1].reason, found[1].exit_code) == ("failed", word, None)


def test_a_failed_execution_whose_other_tasks_the_platform_cancelled_has_failed() -> None:
    found = outcome_of(False, "NonZeroExitCode", message=None, counts=Counts(failed=2, cancelled=6), task_count=8)
    assert found is not None
    assert (found[0], found[1].reason) == ("failed", "non_zero_exit")


def test_only_cancelled_tasks_and_no_reason_are_a_cancel() -> None:
    found = outcome_of(False, None, message="Cancelled by user.", counts=Counts(succeeded=1, cancelled=2), task_count=3)
    assert found is not None
    assert found[0] == "cancelled"
