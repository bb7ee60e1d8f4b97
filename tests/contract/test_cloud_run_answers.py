"""What Cloud Run may answer, today and once its messages have grown, and what is made of it."""

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.cloud.run_v2 import Condition, Execution
from google.longrunning.operations_pb2 import Operation
from google.protobuf.any_pb2 import Any as AnyMessage  # type: ignore[attr-defined]  # made at run time

from interlock.domain.executions.execution_status import ExecutionStatus
from interlock.google.cloud_run_jobs import CloudRunJobs
from interlock.ports import Ambiguous, CloudRunUnavailable, Refused, Started, StartOrder, Throttled
from tests.contract.answering_server import AnsweringServer, Failure, answering_server

JOB = "projects/acme/locations/europe-west1/jobs/agent"
NAME = f"{JOB}/executions/agent-1"
ORDER = StartOrder(job=JOB, environment={"INTERLOCK_FENCE": "1"}, task_count=2, timeout_seconds=60)
FROM_TOMORROW = b"\xfa\x3e\x05hello"
"""Field 999 of a message, which no library of today knows."""


@pytest.fixture
def server() -> Iterator[AnsweringServer]:
    with answering_server() as running:
        yield running


@pytest.fixture
def cloud_run(server: AnsweringServer) -> CloudRunJobs:
    return CloudRunJobs(server.address)


def an_execution(*conditions: Any, **fields: Any) -> Any:
    execution = Execution.pb(Execution(name=NAME, task_count=1, **fields))
    execution.conditions.extend(conditions)
    return execution


def a_condition(state: int, kind: str = "Completed", /, **fields: Any) -> Any:
    """As protobuf has it: numbers that the library has no name for can be written."""
    return Condition.pb()(type_=kind, state=state, **fields)


def ended(**fields: Any) -> Any:
    execution = an_execution(**fields)
    execution.completion_time.GetCurrentTime()
    return execution


class TestTheAnswerToAStart:
    @pytest.mark.parametrize(
        ("code", "reason"),
        [
            (grpc.StatusCode.NOT_FOUND, "job_not_found"),
            (grpc.StatusCode.PERMISSION_DENIED, "permission"),
            (grpc.StatusCode.INVALID_ARGUMENT, "invalid_argument"),
            (grpc.StatusCode.FAILED_PRECONDITION, "failed_precondition"),
        ],
    )
    def test_a_definite_no_is_a_refusal(
        self, server: AnsweringServer, cloud_run: CloudRunJobs, code: grpc.StatusCode, reason: str
    ) -> None:
        server.answer("RunJob", Failure(code))
        assert cloud_run.start(ORDER) == Refused(reason, f"{code.name}: made to fail")

    def test_too_many_starts_are_throttled(self, server: AnsweringServer, cloud_run: CloudRunJobs) -> None:
        server.answer("RunJob", Failure(grpc.StatusCode.RESOURCE_EXHAUSTED))
        assert cloud_run.start(ORDER) == Throttled("RESOURCE_EXHAUSTED: made to fail")

    @pytest.mark.parametrize("name", ["UNAVAILABLE", "INTERNAL", "UNKNOWN", "ABORTED", "CANCELLED", "UNAUTHENTICATED"])
    def test_any_other_failure_may_have_started_it_and_is_not_repeated(
        self, server: AnsweringServer, cloud_run: CloudRunJobs, name: str
    ) -> None:
        server.answer("RunJob", Failure(grpc.StatusCode[name]))
        assert cloud_run.start(ORDER) == Ambiguous(f"{name}: made to fail")
        assert server.methods == ["RunJob"]

    def test_an_answer_that_is_no_operation_may_have_started_it(
        self, server: AnsweringServer, cloud_run: CloudRunJobs
    ) -> None:
        server.answer("RunJob", b"\xff\xff\xff")
        assert isinstance(cloud_run.start(ORDER), Ambiguous)

    def test_an_answer_that_does_not_come_in_time_may_have_started_it(self, server: AnsweringServer) -> None:
        server.answer("RunJob", Operation().SerializeToString())
        assert isinstance(CloudRunJobs(server.address, start_timeout_seconds=1e-9).start(ORDER), Ambiguous)


class TestTheOperationOfAStart:
    def start(self, server: AnsweringServer, cloud_run: CloudRunJobs, operation: Any) -> Any:
        server.answer("RunJob", operation.SerializeToString() + FROM_TOMORROW)
        return cloud_run.start(ORDER)

    def test_it_names_the_execution(self, server: AnsweringServer, cloud_run: CloudRunJobs) -> None:
        operation = Operation(name="operations/1")
        operation.metadata.Pack(an_execution(a_condition(99, "Tomorrow"), log_uri="https://log"))
        operation.metadata.value += FROM_TOMORROW
        assert self.start(server, cloud_run, operation) == Started(NAME, "https://log")

    def test_without_metadata_it_is_no_start_of_an_execution_without_a_name(
        self, server: AnsweringServer, cloud_run: CloudRunJobs
    ) -> None:
        answer = self.start(server, cloud_run, Operation(name="operations/1"))
        assert answer == Ambiguous("the operation operations/1 names no execution; its metadata is nothing")

    def test_metadata_of_another_type_is_told_by_its_type(
        self, server: AnsweringServer, cloud_run: CloudRunJobs
    ) -> None:
        metadata = AnyMessage(type_url="type.googleapis.com/google.cloud.run.v3.RunMetadata", value=b"\x0a\x01x")
        answer = self.start(server, cloud_run, Operation(name="operations/1", metadata=metadata))
        assert isinstance(answer, Ambiguous)
        assert "google.cloud.run.v3.RunMetadata" in answer.detail

    @pytest.mark.parametrize("value", [b"", b"\xff\xff\xff"], ids=["empty", "damaged"])
    def test_metadata_that_names_nothing_is_ambiguous(
        self, server: AnsweringServer, cloud_run: CloudRunJobs, value: bytes
    ) -> None:
        metadata = AnyMessage(type_url="type.googleapis.com/google.cloud.run.v2.Execution", value=value)
        assert isinstance(self.start(server, cloud_run, Operation(metadata=metadata)), Ambiguous)

    @pytest.mark.parametrize(
        ("code", "expected"),
        [
            (5, Refused("job_not_found", "NOT_FOUND: no")),
            (8, Throttled("RESOURCE_EXHAUSTED: no")),
            (14, Ambiguous("UNAVAILABLE: no")),
            (99, Ambiguous("99: no")),
        ],
    )
    def test_done_with_an_error_it_goes_by_its_code(
        self, server: AnsweringServer, cloud_run: CloudRunJobs, code: int, expected: object
    ) -> None:
        operation = Operation(name="operations/1", done=True, error={"code": code, "message": "no"})
        assert self.start(server, cloud_run, operation) == expected

    def test_an_execution_that_failed_at_once_was_started(
        self, server: AnsweringServer, cloud_run: CloudRunJobs
    ) -> None:
        operation = Operation(done=True, error={"code": 10, "message": "0/1 tasks were a success"})
        operation.metadata.Pack(an_execution())
        assert self.start(server, cloud_run, operation) == Started(NAME, None)


class TestTheStatusOfAnExecution:
    def status(self, server: AnsweringServer, cloud_run: CloudRunJobs, execution: Any) -> ExecutionStatus:
        server.answer("GetExecution", execution.SerializeToString() + FROM_TOMORROW)
        status = cloud_run.status(NAME)
        assert status is not None
        return status

    def test_a_reason_newer_than_the_library_is_told_by_its_number(
        self, server: AnsweringServer, cloud_run: CloudRunJobs
    ) -> None:
        execution = ended()
        execution.conditions.append(a_condition(3, execution_reason=99, message="tomorrow's trouble"))
        status = self.status(server, cloud_run, execution)
        assert (status.completed, status.reason) == (False, "EXECUTION_REASON_99")
        assert status.message == "tomorrow's trouble"

    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"execution_reason": 2}, "NON_ZERO_EXIT_CODE"),
            ({"reason": 6}, "CONTAINER_MISSING"),
            ({"reason": 99}, "REASON_99"),
            ({"revision_reason": 99}, "REVISION_REASON_99"),
            ({"reason": 1}, None),
            ({"execution_reason": 0}, None),
            ({}, None),
        ],
    )
    def test_a_reason_of_any_kind_is_told_and_unknown_is_none(
        self, server: AnsweringServer, cloud_run: CloudRunJobs, fields: dict[str, int], reason: str | None
    ) -> None:
        assert self.status(server, cloud_run, an_execution(a_condition(3, **fields))).reason == reason

    @pytest.mark.parametrize(("state", "completed"), [(4, True), (3, False)])
    def test_a_completed_condition_needs_no_completion_time(
        self, server: AnsweringServer, cloud_run: CloudRunJobs, state: int, completed: bool
    ) -> None:
        assert self.status(server, cloud_run, an_execution(a_condition(state))).completed is completed

    @pytest.mark.parametrize("state", [0, 1, 2, 99])
    def test_an_execution_without_a_verdict_is_not_over(
        self, server: AnsweringServer, cloud_run: CloudRunJobs, state: int
    ) -> None:
        assert self.status(server, cloud_run, an_execution(a_condition(state))).completed is None

    def test_one_that_ended_in_an_unknown_state_did_not_succeed_and_tells_the_state(
        self, server: AnsweringServer, cloud_run: CloudRunJobs
    ) -> None:
        execution = ended()
        execution.conditions.append(a_condition(99))
        status = self.status(server, cloud_run, execution)
        assert (status.completed, status.reason) == (False, "STATE_99")

    def test_conditions_of_other_kinds_decide_nothing(self, server: AnsweringServer, cloud_run: CloudRunJobs) -> None:
        others = [a_condition(3, "Tomorrow", execution_reason=99), a_condition(99, "Started")]
        assert self.status(server, cloud_run, an_execution(*others)).completed is None

    @pytest.mark.parametrize(
        "answer", [Failure(grpc.StatusCode.INTERNAL), b"\xff\xff\xff"], ids=["failure", "no execution"]
    )
    def test_no_answer_is_cloud_run_unavailable(
        self, server: AnsweringServer, cloud_run: CloudRunJobs, answer: bytes | Failure
    ) -> None:
        server.answer("GetExecution", answer)
        with pytest.raises(CloudRunUnavailable, match="INTERNAL: "):
            cloud_run.status(NAME)

    def test_one_that_is_not_there_is_none(self, server: AnsweringServer, cloud_run: CloudRunJobs) -> None:
        server.answer("GetExecution", Failure(grpc.StatusCode.NOT_FOUND))
        assert cloud_run.status(NAME) is None

    def test_a_moment_of_unavailability_is_passed_over(self, server: AnsweringServer, cloud_run: CloudRunJobs) -> None:
        gone = Failure(grpc.StatusCode.UNAVAILABLE)
        server.answer("GetExecution", gone, gone, an_execution(a_condition(4)).SerializeToString())
        status = cloud_run.status(NAME)
        assert status is not None
        assert status.completed is True


class TestTheListOfExecutions:
    def test_executions_of_tomorrow_hide_none(self, server: AnsweringServer, cloud_run: CloudRunJobs) -> None:
        odd = an_execution(a_condition(99, execution_reason=99))
        odd.name = f"{JOB}/executions/odd"
        ours = an_execution()
        ours.template.containers.add().env.add(name="INTERLOCK_RELEASE_ID", value="web-1")
        server.answer("ListExecutions", *(a_page(one, more=one is odd) for one in (odd, ours)))
        assert cloud_run.find(JOB, {"INTERLOCK_RELEASE_ID": "web-1"}) == Started(NAME, None)
        assert server.methods == ["ListExecutions", "ListExecutions"]

    def test_a_list_that_may_not_be_seen_is_no_answer(self, server: AnsweringServer, cloud_run: CloudRunJobs) -> None:
        server.answer("ListExecutions", Failure(grpc.StatusCode.PERMISSION_DENIED))
        with pytest.raises(CloudRunUnavailable, match="PERMISSION_DENIED: made to fail"):
            cloud_run.find(JOB, {})


class TestStopping:
    @pytest.mark.parametrize("code", [grpc.StatusCode.NOT_FOUND, grpc.StatusCode.FAILED_PRECONDITION])
    def test_what_is_over_or_gone_needs_no_stop(
        self, server: AnsweringServer, cloud_run: CloudRunJobs, code: grpc.StatusCode
    ) -> None:
        server.answer("CancelExecution", Failure(code))
        cloud_run.stop(NAME)

    def test_no_answer_is_cloud_run_unavailable(self, server: AnsweringServer, cloud_run: CloudRunJobs) -> None:
        server.answer("CancelExecution", Failure(grpc.StatusCode.PERMISSION_DENIED))
        with pytest.raises(CloudRunUnavailable):
            cloud_run.stop(NAME)


def a_page(execution: Any, *, more: bool) -> bytes:
    """Return a page of the list, by its fields' numbers: executions, next page's token."""
    body: bytes = execution.SerializeToString()
    assert len(body) < 16384
    length = bytes([len(body) & 0x7F | 0x80, len(body) >> 7])
    return b"\x0a" + length + body + (b"\x12\x04next" if more else b"") + FROM_TOMORROW
