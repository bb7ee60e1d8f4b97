"""The calls of Cloud Run's Admin API that a client of jobs needs, each answered as Cloud Run would."""

import base64
import secrets
import string
import uuid
from dataclasses import replace
from datetime import UTC, datetime

import grpc
from google.cloud import run_v2
from google.longrunning import operations_pb2

from interlock_local.api_error import ApiError
from interlock_local.cloud_run import execution_store
from interlock_local.cloud_run.execution import Execution, Task
from interlock_local.cloud_run.execution_store import Database
from interlock_local.cloud_run.jobs_file import Job, JobsFile
from interlock_local.cloud_run.resources import execution_resource, job_resource, operation
from interlock_local.cloud_run.run_request import execution_spec, not_found, parse_name
from interlock_local.cloud_run.runner import Runner

MAX_PAGE_SIZE = 1_000
DEFAULT_PAGE_SIZE = 100
ALPHABET = string.ascii_lowercase + string.digits


class CloudRunApi:
    """The API over the runner and the store. A method raises ApiError for every answer but success."""

    def __init__(self, jobs: JobsFile, database: Database, *, runner: Runner) -> None:
        self._jobs = jobs
        self._database = database
        self._runner = runner

    def run_job(self, request: run_v2.RunJobRequest) -> operations_pb2.Operation:
        """Return before anything runs; the operation's metadata is the execution with its name."""
        name, job = self._job(request.name)
        execution = self._new_execution(name, job, overrides=request.overrides)
        if not request.validate_only:
            self._runner.add(execution)
        return self._operation(execution)

    def get_job(self, request: run_v2.GetJobRequest) -> run_v2.Job:
        """Return the job as configured."""
        name, job = self._job(request.name)
        return self._job_resource(name, job)

    def list_jobs(self, request: run_v2.ListJobsRequest) -> run_v2.ListJobsResponse:
        """Return all jobs; they fit on one page."""
        parse_name(f"{request.parent}/jobs/-", within=self._jobs)
        jobs = [self._job_resource(self._full(name), job) for name, job in self._jobs.jobs.items()]
        return run_v2.ListJobsResponse(jobs=jobs)

    def get_execution(self, request: run_v2.GetExecutionRequest) -> run_v2.Execution:
        """Return the execution as it is now."""
        return execution_resource(self._execution(request.name))

    def list_executions(self, request: run_v2.ListExecutionsRequest) -> run_v2.ListExecutionsResponse:
        """Return a page of executions, newest first."""
        job = parse_name(request.parent, within=self._jobs).job
        if job != "-":
            self._job(request.parent)
        with self._database.transaction() as connection:
            page = execution_store.page(
                connection,
                None if job == "-" else self._full(job),
                before=_position(request.page_token),
                size=min(request.page_size or DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE),
                deleted=request.show_deleted,
            )
        executions = [execution_resource(execution) for execution in page.executions]
        return run_v2.ListExecutionsResponse(executions=executions, next_page_token=_token(page.next_position))

    def cancel_execution(self, request: run_v2.CancelExecutionRequest) -> operations_pb2.Operation:
        """Return at once; the execution is cancelled when its containers are gone."""
        execution = self._execution(request.name)
        if execution.completed_at:
            message = f"Execution {execution.name!r} is completed and cannot be cancelled."
            raise ApiError(grpc.StatusCode.FAILED_PRECONDITION, message)
        if not request.validate_only:
            self._runner.cancel(execution.uid)
        return self._operation(self._execution(request.name))

    def delete_execution(self, request: run_v2.DeleteExecutionRequest) -> operations_pb2.Operation:
        """Delete an execution; one that runs has to be cancelled first."""
        execution = self._execution(request.name)
        if not execution.completed_at:
            message = f"Execution {execution.name!r} is running and cannot be deleted."
            raise ApiError(grpc.StatusCode.FAILED_PRECONDITION, message)
        deleted = replace(execution, deleted_at=_now())
        if not request.validate_only:
            with self._database.transaction() as connection:
                execution_store.save(connection, deleted, before=execution)
        return self._operation(deleted)

    def get_operation(self, request: operations_pb2.GetOperationRequest) -> operations_pb2.Operation:
        """Return the operation; it is done when the execution is completed."""
        with self._database.transaction() as connection:
            execution = execution_store.find_by_uid(connection, request.name.rpartition("/")[2])
        if not execution:
            raise not_found(request.name)
        return self._operation(execution)

    def _operation(self, execution: Execution) -> operations_pb2.Operation:
        return operation(f"{self._jobs.parent}/operations/{execution.uid}", execution)

    def _job(self, name: str) -> tuple[str, Job]:
        short = parse_name(name, within=self._jobs).job
        job = self._jobs.jobs.get(short)
        if job is None:
            raise not_found(name)
        return self._full(short), job

    def _execution(self, name: str) -> Execution:
        parsed = parse_name(name, within=self._jobs)
        with self._database.transaction() as connection:
            execution = execution_store.find(connection, self._full(parsed.job), name=parsed.execution or "")
        if not execution:
            raise not_found(name)
        return execution

    def _full(self, job: str) -> str:
        return f"{self._jobs.parent}/jobs/{job}"

    def _job_resource(self, name: str, job: Job) -> run_v2.Job:
        with self._database.transaction() as connection:
            return job_resource(name, job, executions=execution_store.count(connection, name))

    def _new_execution(self, name: str, job: Job, *, overrides: run_v2.RunJobRequest.Overrides) -> Execution:
        spec = execution_spec(job, overrides)
        suffix = "".join(secrets.choice(ALPHABET) for _ in range(5))
        short = f"{name.rpartition('/')[2]}-{suffix}"
        return Execution(
            job=name,
            name=short,
            uid=str(uuid.uuid4()),
            log_uri=self._runner.log_uri(short),
            created_at=_now(),
            parallelism=min(job.parallelism, spec.task_count),
            template=spec.template,
            tasks=tuple(Task(index) for index in range(spec.task_count)),
        )


def _position(token: str) -> int | None:
    if not token:
        return None
    try:
        return int(base64.urlsafe_b64decode(token))
    except ValueError:
        raise ApiError(grpc.StatusCode.INVALID_ARGUMENT, "Invalid page token.") from None


def _token(position: int | None) -> str:
    return base64.urlsafe_b64encode(str(position).encode()).decode() if position else ""


def _now() -> datetime:
    return datetime.now(UTC)
