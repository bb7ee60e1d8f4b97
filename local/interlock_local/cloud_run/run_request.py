"""Resolves a RunJob request against its job, or refuses it as Cloud Run would."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import grpc
from google.cloud import run_v2

from interlock_local.api_error import ApiError
from interlock_local.cloud_run.execution import Template
from interlock_local.cloud_run.jobs_file import Job, JobsFile

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_TASKS = 10_000
MAX_TIMEOUT_SECONDS = timedelta(days=7).total_seconds()
MAX_VALUE_LENGTH = 32_768
RESERVED = re.compile(r"PORT|X_GOOGLE_.*|CLOUD_RUN_(JOB|EXECUTION|TASK_INDEX|TASK_COUNT|TASK_ATTEMPT)")
NAME = re.compile(r"projects/([^/]+)/locations/([^/]+)/jobs/([^/]+)(?:/executions/([^/]+))?")


@dataclass(frozen=True, slots=True)
class Name:
    """A resource name of this server's project and location."""

    job: str
    execution: str | None


@dataclass(frozen=True, slots=True)
class ExecutionSpec:
    """What an execution is to run: the job with the request's overrides merged in."""

    template: Template
    task_count: int


def parse_name(name: str, *, within: JobsFile) -> Name:
    """Parse a resource name; another project is denied, and another location has no resources."""
    found = NAME.fullmatch(name)
    if not found:
        raise ApiError(grpc.StatusCode.INVALID_ARGUMENT, f"Malformed resource name: {name[:120]!r}.")
    project, location, job, execution = found.groups()
    if project not in {within.project, within.project_number}:
        raise ApiError(grpc.StatusCode.PERMISSION_DENIED, f"Permission denied on resource {name!r}.")
    if location != within.location:
        raise not_found(name)
    return Name(job, execution)


def not_found(name: str) -> ApiError:
    """Return Cloud Run's refusal for a resource that does not exist."""
    return ApiError(grpc.StatusCode.NOT_FOUND, f"Resource {name!r} not found.")


def execution_spec(job: Job, overrides: run_v2.RunJobRequest.Overrides) -> ExecutionSpec:
    """Return the job with the request's overrides merged in; raise ApiError for overrides that are not allowed."""
    container = _container(job, overrides.container_overrides)
    template = Template(
        container=job.container,
        image=job.image_by_digest,
        command=job.command,
        args=_args(job, container),
        env={**job.env, **_environment(container.env)},
        max_retries=job.max_retries,
        timeout_seconds=_timeout(job, overrides),
        service_account=job.service_account,
    )
    return ExecutionSpec(template, _task_count(job, overrides))


def _container(
    job: Job, overrides: Sequence[run_v2.RunJobRequest.Overrides.ContainerOverride]
) -> run_v2.RunJobRequest.Overrides.ContainerOverride:
    _require(len(overrides) <= 1, "overrides.container_overrides: the job has one container")
    for override in overrides:
        known = override.name in {"", job.container}
        _require(known, f"overrides.container_overrides[0].name: no container {override.name[:60]!r}")
        return override
    return run_v2.RunJobRequest.Overrides.ContainerOverride()


def _args(job: Job, override: run_v2.RunJobRequest.Overrides.ContainerOverride) -> tuple[str, ...]:
    _require(not (override.clear_args and override.args), "args and clear_args exclude each other")
    if override.clear_args:
        return ()
    return tuple(override.args) or job.args


def _environment(variables: "Iterable[run_v2.EnvVar]") -> Mapping[str, str]:
    merged: dict[str, str] = {}
    for variable in variables:
        name = variable.name
        _require(bool(name) and not re.search(r"[=\0]", name), f"env: {name[:60]!r} is no variable name")
        _require(name not in merged, f"env: {name[:60]!r} is given twice")
        _require(not RESERVED.fullmatch(name), f"env: {name[:60]!r} is reserved")
        _require("value_source" not in variable, f"env: {name[:60]!r} must be a plain value")
        _require(len(variable.value) <= MAX_VALUE_LENGTH, f"env: {name[:60]!r} is longer than {MAX_VALUE_LENGTH}")
        _require("\0" not in variable.value, f"env: {name[:60]!r} holds a zero character")
        merged[name] = variable.value
    return merged


def _timeout(job: Job, overrides: run_v2.RunJobRequest.Overrides) -> float:
    if "timeout" not in overrides:
        return job.timeout_seconds
    seconds = float(overrides.timeout.total_seconds())
    _require(0 < seconds <= MAX_TIMEOUT_SECONDS, "overrides.timeout: must be over 0 and at most 7 days")
    return seconds


def _task_count(job: Job, overrides: run_v2.RunJobRequest.Overrides) -> int:
    _require(0 <= overrides.task_count <= MAX_TASKS, f"overrides.task_count: at most {MAX_TASKS}")
    return overrides.task_count or job.task_count


def _require(held: bool, message: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not held:
        raise ApiError(grpc.StatusCode.INVALID_ARGUMENT, message)
