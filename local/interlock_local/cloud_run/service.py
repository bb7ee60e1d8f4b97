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

from interlock_local.cloud_run import records
from interlock_local.cloud_run.execution import Execution, Task
from interlock_local.cloud_run.jobs import Job, JobsFile
from interlock_local.cloud_run.records import Database
from interlock_local.cloud_run.request import RefusedError, not_found, parse_name, plan
from interlock_local.cloud_run.resource import execution_resource, job_resource, operation
from interlock_local.cloud_run.runner import Runner

LARGEST_PAGE = 1_000
DEFAULT_PAGE = 100
ALPHABET = string.ascii_lowercase + string.digits


class CloudRun:
    """The API over the runner and its records. A method raises RefusedError for an answer that is no success."""

    def __init__(self, jobs: JobsFile, database: Database, *, runner: Runner) -> None:
        self._jobs = jobs
        self._database = database
        self._runner = runner

    def run_job(self, request: run_v2.RunJobRequest) -> operations_pb2.Operation:
        """Answers before anything runs, the execution's name in the operation's metadata."""
        name, job = self._job(request.name)
        execution = self._new_execution(name, job, overrides=request.overrides)
        if not request.validate_only:
            self._runner.add(execution)
        return self._operation(execution)

    def get_job(self, request: run_v2.GetJobRequest) -> run_v2.Job:
        """The job as configured."""
        name, job = self._job(request.name)
        return self._job_resource(name, job)

    def list_jobs(self, request: run_v2.ListJobsRequest) -> run_v2.ListJobsResponse:
        """All jobs; they fit on one page."""
        parse_name(f"{request.parent}/jobs/-", within=self._jobs)
        jobs = [self._job_resource(self._full(name), job) for name, job in self._jobs.jobs.items()]
        return run_v2.ListJobsResponse(jobs=jobs)

    def get_execution(self, request: run_v2.GetExecutionRequest) -> run_v2.Execution:
        """The execution as it stands."""
        return execution_resource(self._execution(request.name))

    def list_executions(self, request: run_v2.ListExecutionsRequest) -> run_v2.ListExecutionsResponse:
        """Newest first."""
        job = parse_name(request.parent, within=self._jobs).job
        if job != "-":
            self._job(request.parent)
        with self._database.transaction() as connection:
            page = records.page(
                connection,
                None if job == "-" else self._full(job),
                before=_position(request.page_token),
                size=min(request.page_size or DEFAULT_PAGE, LARGEST_PAGE),
                deleted=request.show_deleted,
            )
        executions = [execution_resource(execution) for execution in page.executions]
        return run_v2.ListExecutionsResponse(executions=executions, next_page_token=_token(page.next_position))

    def cancel_execution(self, request: run_v2.CancelExecutionRequest) -> operations_pb2.Operation:
        """Answers at once; the execution is cancelled when its containers are gone."""
        execution = self._execution(request.name)
        if execution.completed_at:
            message = f"Execution {execution.name!r} is completed and cannot be cancelled."
            raise RefusedError(grpc.StatusCode.FAILED_PRECONDITION, message)
        if not request.validate_only:
            self._runner.cancel(execution.uid)
        return self._operation(self._execution(request.name))

    def delete_execution(self, request: run_v2.DeleteExecutionRequest) -> operations_pb2.Operation:
        """Only what is completed can be deleted; cancel it first."""
        execution = self._execution(request.name)
        if not execution.completed_at:
            message = f"Execution {execution.name!r} is running and cannot be deleted."
            raise RefusedError(grpc.StatusCode.FAILED_PRECONDITION, message)
        deleted = replace(execution, deleted_at=_now())
        if not request.validate_only:
            with self._database.transaction() as connection:
                records.save(connection, deleted, before=execution)
        return self._operation(deleted)

    def get_operation(self, request: operations_pb2.GetOperationRequest) -> operations_pb2.Operation:
        """Done when the execution is completed."""
        with self._database.transaction() as connection:
            execution = records.find_by_uid(connection, request.name.rpartition("/")[2])
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
            execution = records.find(connection, self._full(parsed.job), name=parsed.execution or "")
        if not execution:
            raise not_found(name)
        return execution

    def _full(self, job: str) -> str:
        return f"{self._jobs.parent}/jobs/{job}"

    def _job_resource(self, name: str, job: Job) -> run_v2.Job:
        with self._database.transaction() as connection:
            return job_resource(name, job, executions=records.count(connection, name))

    def _new_execution(self, name: str, job: Job, *, overrides: run_v2.RunJobRequest.Overrides) -> Execution:
        planned = plan(job, overrides)
        suffix = "".join(secrets.choice(ALPHABET) for _ in range(5))
        short = f"{name.rpartition('/')[2]}-{suffix}"
        return Execution(
            job=name,
            name=short,
            uid=str(uuid.uuid4()),
            log_uri=self._runner.log_uri(short),
            created_at=_now(),
            parallelism=min(job.parallelism, planned.task_count),
            template=planned.template,
            tasks=tuple(Task(index) for index in range(planned.task_count)),
        )


def _position(token: str) -> int | None:
    if not token:
        return None
    try:
        return int(base64.urlsafe_b64decode(token))
    except ValueError:
        raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, "Invalid page token.") from None


def _token(position: int | None) -> str:
    return base64.urlsafe_b64encode(str(position).encode()).decode() if position else ""


def _now() -> datetime:
    return datetime.now(UTC)
