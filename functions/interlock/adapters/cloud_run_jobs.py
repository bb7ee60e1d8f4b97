"""Starts, finds, reads and stops executions of Cloud Run jobs through the Admin API v2."""

from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from itertools import islice

import grpc
from google.api_core.exceptions import (
    FailedPrecondition,
    Forbidden,
    GoogleAPICallError,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    RetryError,
    ServiceUnavailable,
    TooManyRequests,
)
from google.cloud import run_v2
from google.cloud.run_v2.services.executions.transports import ExecutionsGrpcTransport
from google.cloud.run_v2.services.jobs.transports import JobsGrpcTransport

from interlock.ports import (
    Ambiguous,
    CloudRunUnavailable,
    ExecutionStatus,
    Overloaded,
    Started,
    StartOrder,
    StartRefused,
)

_REFUSALS: Mapping[type[GoogleAPICallError], str] = {
    NotFound: "job_not_found",
    Forbidden: "permission",
    FailedPrecondition: "failed_precondition",
    InvalidArgument: "invalid_argument",
}

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
        return grpc.insecure_channel(self._endpoint or "")

    @cached_property
    def _jobs(self) -> run_v2.JobsClient:
        if self._endpoint is None:
            return run_v2.JobsClient()
        return run_v2.JobsClient(transport=JobsGrpcTransport(channel=self._channel))

    @cached_property
    def _executions(self) -> run_v2.ExecutionsClient:
        if self._endpoint is None:
            return run_v2.ExecutionsClient()
        return run_v2.ExecutionsClient(transport=ExecutionsGrpcTransport(channel=self._channel))

    def start(self, order: StartOrder) -> Started | StartRefused | Overloaded | Ambiguous:
        """Start the job once; never wait for it to end, never retry."""
        try:
            operation = self._jobs.run_job(request=_run_request(order), retry=None, timeout=self._start_timeout_seconds)
        except (GoogleAPICallError, RetryError) as error:
            return _classify(error)
        return Started(operation.metadata.name, operation.metadata.log_uri or None)

    def find(self, job: str, environment: Mapping[str, str]) -> Started | None:
        """Return the newest execution of the job whose environment holds all of these, or None."""
        try:
            listed = self._executions.list_executions(parent=job, timeout=_READ_TIMEOUT_SECONDS)
            for execution in islice(listed, _LISTED):
                if environment.items() <= _environment(execution).items():
                    return Started(execution.name, execution.log_uri or None)
        except (GoogleAPICallError, RetryError) as error:
            raise CloudRunUnavailable(str(error)) from error
        return None

    def stop(self, execution: str) -> None:
        """Ask Cloud Run to cancel the execution; one that is over or gone is no error."""
        try:
            self._executions.cancel_execution(name=execution, timeout=_READ_TIMEOUT_SECONDS)
        except (NotFound, FailedPrecondition):
            return
        except (GoogleAPICallError, RetryError) as error:
            raise CloudRunUnavailable(str(error)) from error

    def status(self, execution: str) -> ExecutionStatus | None:
        """Return how the execution stands, or None where it does not exist."""
        try:
            found = self._executions.get_execution(name=execution, timeout=_READ_TIMEOUT_SECONDS)
        except NotFound:
            return None
        except (GoogleAPICallError, RetryError) as error:
            raise CloudRunUnavailable(str(error)) from error
        return _status(found)


def _run_request(order: StartOrder) -> run_v2.RunJobRequest:
    override = run_v2.RunJobRequest.Overrides.ContainerOverride(
        env=[run_v2.EnvVar(name=name, value=value) for name, value in order.environment.items()]
    )
    overrides = run_v2.RunJobRequest.Overrides(container_overrides=[override])
    if order.task_count is not None:
        overrides.task_count = order.task_count
    if order.timeout_seconds is not None:
        overrides.timeout = timedelta(seconds=order.timeout_seconds)
    return run_v2.RunJobRequest(name=order.job, overrides=overrides)


def _classify(error: Exception) -> StartRefused | Overloaded | Ambiguous:
    for kind, reason in _REFUSALS.items():
        if isinstance(error, kind):
            return StartRefused(reason, str(error))
    if isinstance(error, ResourceExhausted | TooManyRequests):
        return Overloaded(str(error))
    if isinstance(error, ServiceUnavailable) and _NEVER_SENT in str(error):
        return Overloaded(str(error))
    return Ambiguous(str(error))


def _environment(execution: run_v2.Execution) -> dict[str, str]:
    return {item.name: item.value for box in execution.template.containers for item in box.env}


def _status(execution: run_v2.Execution) -> ExecutionStatus:
    completed = next((one for one in execution.conditions if one.type_ == "Completed"), run_v2.Condition())
    verdicts = {
        run_v2.Condition.State.CONDITION_SUCCEEDED: True,
        run_v2.Condition.State.CONDITION_FAILED: False,
    }
    return ExecutionStatus(
        environment=_environment(execution),
        completed=verdicts.get(completed.state) if execution.completion_time else None,
        reason=completed.execution_reason.name if completed.execution_reason else None,
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
