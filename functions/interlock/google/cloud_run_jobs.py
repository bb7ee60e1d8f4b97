"""Starts, finds, reads and stops executions of Cloud Run jobs through the Admin API v2.

Answers are read as protobuf's own messages: what Google adds tomorrow is a number there, and an error in the classes
that the library lays over them.
"""

from collections.abc import Mapping
from functools import cached_property
from itertools import islice
from typing import Any

import grpc
from google.api_core.exceptions import FailedPrecondition, NotFound
from google.cloud.run_v2 import Condition, Execution, ExecutionsClient, JobsClient
from google.protobuf.message import DecodeError

from interlock.domain.executions.execution_status import ExecutionStatus
from interlock.google.clients import PROBLEMS, RETRY, describe, open_client, status_of, was_never_sent
from interlock.ports import Ambiguous, CloudRunUnavailable, Refused, Started, StartOrder, Throttled

_REFUSALS: Mapping[grpc.StatusCode, str] = {
    grpc.StatusCode.NOT_FOUND: "job_not_found",
    grpc.StatusCode.PERMISSION_DENIED: "permission",
    grpc.StatusCode.FAILED_PRECONDITION: "failed_precondition",
    grpc.StatusCode.INVALID_ARGUMENT: "invalid_argument",
}
_STATUS_BY_NUMBER: Mapping[int, grpc.StatusCode] = {code.value[0]: code for code in grpc.StatusCode}
_VERDICTS: Mapping[int, bool] = {Condition.State.CONDITION_SUCCEEDED: True, Condition.State.CONDITION_FAILED: False}

_LISTED = 1000
_READ_TIMEOUT_SECONDS = 20.0


class CloudRunJobs:
    """Implements JobStarter and ExecutionReader. `endpoint` is a plaintext `host:port`; None means Google's."""

    def __init__(self, endpoint: str | None = None, *, start_timeout_seconds: float = 20.0) -> None:
        self._endpoint = endpoint
        self._start_timeout_seconds = start_timeout_seconds

    @cached_property
    def _jobs(self) -> JobsClient:
        client: JobsClient = open_client(JobsClient, self._endpoint)
        return client

    @cached_property
    def _executions(self) -> ExecutionsClient:
        client: ExecutionsClient = open_client(ExecutionsClient, self._endpoint)
        return client

    def start(self, order: StartOrder) -> Started | Refused | Throttled | Ambiguous:
        """Start the job once; never wait for it to end, never retry: a start that may have happened is looked for."""
        request = _run_request(order)
        try:
            answer = self._jobs.run_job(request=request, retry=None, timeout=self._start_timeout_seconds)
        except PROBLEMS as error:
            words = describe(error)
            return Throttled(words) if was_never_sent(error) else _refusal(status_of(error), words)
        return _outcome(answer.operation)

    def find(self, job: str, environment: Mapping[str, str]) -> Started | None:
        """Return the newest execution of the job whose environment holds all of these, or None.

        A job that is gone has none; were that no answer, its release would be looked for for ever.
        """
        try:
            listed = self._executions.list_executions(
                request={"parent": job}, retry=RETRY, timeout=_READ_TIMEOUT_SECONDS
            )
            for execution in map(Execution.pb, islice(listed, _LISTED)):
                if environment.items() <= _environment(execution).items():
                    return Started(execution.name, execution.log_uri or None)
        except NotFound:
            return None
        except PROBLEMS as error:
            raise CloudRunUnavailable(describe(error)) from error
        return None

    def stop(self, execution: str) -> None:
        """Ask Cloud Run to cancel the execution; one that is over or gone is no error."""
        try:
            self._executions.cancel_execution(request={"name": execution}, retry=RETRY, timeout=_READ_TIMEOUT_SECONDS)
        except (NotFound, FailedPrecondition):
            return
        except PROBLEMS as error:
            raise CloudRunUnavailable(describe(error)) from error

    def status(self, execution: str) -> ExecutionStatus | None:
        """Return how the execution stands, or None where it does not exist."""
        try:
            found = self._executions.get_execution(
                request={"name": execution}, retry=RETRY, timeout=_READ_TIMEOUT_SECONDS
            )
        except NotFound:
            return None
        except PROBLEMS as error:
            raise CloudRunUnavailable(describe(error)) from error
        return _status(Execution.pb(found))


def _run_request(order: StartOrder) -> dict[str, Any]:
    env = [{"name": name, "value": value} for name, value in order.environment.items()]
    overrides: dict[str, Any] = {"container_overrides": [{"env": env}]}
    if order.task_count is not None:
        overrides["task_count"] = order.task_count
    if order.timeout_seconds is not None:
        overrides["timeout"] = {"seconds": order.timeout_seconds}
    return {"name": order.job, "overrides": overrides}


def _outcome(operation: Any) -> Started | Refused | Throttled | Ambiguous:
    """Return what RunJob's operation says: whatever else it holds, an execution that it names was started."""
    execution = _named_execution(operation)
    if execution is not None:
        return Started(execution.name, execution.log_uri or None)
    if operation.HasField("error"):
        code = _STATUS_BY_NUMBER.get(operation.error.code)
        return _refusal(code, f"{code.name if code else operation.error.code}: {operation.error.message}")
    kind = operation.metadata.type_url or "nothing"
    return Ambiguous(f"the operation {operation.name} names no execution; its metadata is {kind}")


def _named_execution(operation: Any) -> Any:
    execution = Execution.pb(Execution())
    try:
        is_execution = operation.metadata.Unpack(execution)
    except DecodeError:
        return None
    return execution if is_execution and execution.name else None


def _refusal(code: grpc.StatusCode | None, words: str) -> Refused | Throttled | Ambiguous:
    if code is not None and code in _REFUSALS:
        return Refused(_REFUSALS[code], words)
    return Throttled(words) if code is grpc.StatusCode.RESOURCE_EXHAUSTED else Ambiguous(words)


def _environment(execution: Any) -> dict[str, str]:
    return {item.name: item.value for box in execution.template.containers for item in box.env}


def _status(execution: Any) -> ExecutionStatus:
    conditions = (one for one in execution.conditions if one.type_ == "Completed")
    completed = next(conditions, Condition.pb(Condition()))
    return ExecutionStatus(
        environment=_environment(execution),
        completed=_verdict(execution, completed),
        reason=_reason(completed) or _unknown_state(completed),
        message=completed.message or None,
        counts={
            "succeeded": execution.succeeded_count,
            "failed": execution.failed_count,
            "cancelled": execution.cancelled_count,
            "retried": execution.retried_count,
        },
        task_count=execution.task_count,
        log_uri=execution.log_uri or None,
    )


def _verdict(execution: Any, completed: Any) -> bool | None:
    """Return the Completed condition; one that ended in a state yet unknown is not known to have succeeded."""
    if _unknown_state(completed) and execution.HasField("completion_time"):
        return False
    return _VERDICTS.get(completed.state)


def _unknown_state(condition: Any) -> str | None:
    is_known = condition.state in condition.DESCRIPTOR.fields_by_name["state"].enum_type.values_by_number
    return None if is_known else f"STATE_{condition.state}"


def _reason(condition: Any) -> str | None:
    """Return the reason's name, or the number of one that is newer than the library (`EXECUTION_REASON_99`)."""
    kind = condition.WhichOneof("reasons")
    number = getattr(condition, kind) if kind else 0
    if not number:
        return None
    known = condition.DESCRIPTOR.fields_by_name[kind].enum_type.values_by_number.get(number)
    name: str = known.name if known else f"{kind.upper()}_{number}"
    return None if name == "UNKNOWN" else name  # no reason at all: the message may name one
