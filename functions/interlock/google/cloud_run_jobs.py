"""Starts, finds, reads and stops executions of Cloud Run jobs through the Admin API v2."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import islice
from typing import Any

import grpc

from interlock.domain.executions.execution_status import ExecutionStatus
from interlock.google_rpc import Metadata, message_type, open_channel, routing, said, unary
from interlock.ports import (
    Ambiguous,
    CloudRunUnavailable,
    Refused,
    Started,
    StartOrder,
    Throttled,
)

_RunJobRequest = message_type("google.cloud.run.v2.RunJobRequest")
_Operation = message_type("google.longrunning.Operation")
_Execution = message_type("google.cloud.run.v2.Execution")
_GetExecution = message_type("google.cloud.run.v2.GetExecutionRequest")
_ListExecutions = message_type("google.cloud.run.v2.ListExecutionsRequest")
_ListedExecutions = message_type("google.cloud.run.v2.ListExecutionsResponse")
_CancelExecution = message_type("google.cloud.run.v2.CancelExecutionRequest")
_Condition = message_type("google.cloud.run.v2.Condition")

_RUN_JOB = "google.cloud.run.v2.Jobs/RunJob"
_EXECUTIONS = "google.cloud.run.v2.Executions"

_REFUSALS: Mapping[grpc.StatusCode, str] = {
    grpc.StatusCode.NOT_FOUND: "job_not_found",
    grpc.StatusCode.PERMISSION_DENIED: "permission",
    grpc.StatusCode.FAILED_PRECONDITION: "failed_precondition",
    grpc.StatusCode.INVALID_ARGUMENT: "invalid_argument",
}
_OVER = (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.FAILED_PRECONDITION)

# gRPC says this when no connection was ever made, so nothing can have been sent.
_NEVER_SENT = "failed to connect to all addresses"

_LISTED = 1000
_READ_TIMEOUT_SECONDS = 20.0


class CloudRunJobs:
    """Implements JobStarter and ExecutionReader. `endpoint` is a plaintext `host:port`; None means Google's."""

    def __init__(self, endpoint: str | None = None, *, start_timeout_seconds: float = 20.0) -> None:
        self._endpoint = endpoint
        self._start_timeout_seconds = start_timeout_seconds

    @cached_property
    def _channel(self) -> grpc.Channel:
        # RunJob is not among the retried: a start that may have happened is looked for, never repeated blindly.
        retried = [f"{_EXECUTIONS}/{method}" for method in ("GetExecution", "ListExecutions", "CancelExecution")]
        return open_channel("run.googleapis.com", endpoint=self._endpoint, retried=retried)

    @cached_property
    def _run_job(self) -> Any:
        return unary(self._channel, _RUN_JOB, _RunJobRequest, _Operation)

    def start(self, order: StartOrder) -> Started | Refused | Throttled | Ambiguous:
        """Start the job once; never wait for it to end, never retry."""
        request = _run_request(order)
        try:
            operation = self._run_job(request, timeout=self._start_timeout_seconds, metadata=_location(order.job))
        except grpc.RpcError as error:
            return _classify(error)
        execution = _Execution.FromString(operation.metadata.value)
        return Started(execution.name, execution.log_uri or None)

    def find(self, job: str, environment: Mapping[str, str]) -> Started | None:
        """Return the newest execution of the job whose environment holds all of these, or None.

        A job that is gone has none; were that no answer, its release would be looked for for ever.
        """
        try:
            for execution in islice(self._listed(job), _LISTED):
                if environment.items() <= _environment(execution).items():
                    return Started(execution.name, execution.log_uri or None)
        except grpc.RpcError as error:
            code, words = said(error)
            if code is not grpc.StatusCode.NOT_FOUND:
                raise CloudRunUnavailable(words) from error
        return None

    def _listed(self, job: str) -> Iterator[Any]:
        request = _ListExecutions(parent=job)
        while True:
            page = self._ask("ListExecutions", request, _ListedExecutions, routing("parent", job))
            yield from page.executions
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def stop(self, execution: str) -> None:
        """Ask Cloud Run to cancel the execution; one that is over or gone is no error."""
        try:
            request = _CancelExecution(name=execution)
            self._ask("CancelExecution", request, _Operation, routing("name", execution))
        except grpc.RpcError as error:
            code, words = said(error)
            if code not in _OVER:
                raise CloudRunUnavailable(words) from error

    def status(self, execution: str) -> ExecutionStatus | None:
        """Return how the execution stands, or None where it does not exist."""
        request = _GetExecution(name=execution)
        try:
            return _status(self._ask("GetExecution", request, _Execution, routing("name", execution)))
        except grpc.RpcError as error:
            code, words = said(error)
            if code is grpc.StatusCode.NOT_FOUND:
                return None
            raise CloudRunUnavailable(words) from error

    def _ask(self, method: str, request: Any, answer: Any, header: Metadata) -> Any:
        call = unary(self._channel, f"{_EXECUTIONS}/{method}", type(request), answer)
        return call(request, timeout=_READ_TIMEOUT_SECONDS, metadata=header)


def _location(resource: str) -> Metadata:
    """Return the routing header of RunJob, which goes by the location alone."""
    parts = resource.split("/")
    return routing("location", parts[3]) if len(parts) > 3 and parts[2] == "locations" else ()


def _run_request(order: StartOrder) -> Any:
    request = _RunJobRequest(name=order.job)
    container = request.overrides.container_overrides.add()
    for name, value in order.environment.items():
        container.env.add(name=name, value=value)
    if order.task_count is not None:
        request.overrides.task_count = order.task_count
    if order.timeout_seconds is not None:
        request.overrides.timeout.seconds = order.timeout_seconds
    return request


def _classify(error: grpc.RpcError) -> Refused | Throttled | Ambiguous:
    code, words = said(error)
    if reason := _REFUSALS.get(code):
        return Refused(reason, words)
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return Throttled(words)
    if code is grpc.StatusCode.UNAVAILABLE and _NEVER_SENT in words:
        return Throttled(words)
    return Ambiguous(words)


def _environment(execution: Any) -> dict[str, str]:
    return {item.name: item.value for box in execution.template.containers for item in box.env}


def _status(execution: Any) -> ExecutionStatus:
    completed = next((one for one in execution.conditions if one.type_ == "Completed"), _Condition())
    verdicts = {_Condition.CONDITION_SUCCEEDED: True, _Condition.CONDITION_FAILED: False}
    reason = completed.execution_reason
    return ExecutionStatus(
        environment=_environment(execution),
        completed=verdicts.get(completed.state) if execution.HasField("completion_time") else None,
        reason=_Condition.ExecutionReason.Name(reason) if reason else None,
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
