"""Builds the system-event audit entry that Cloud Run writes when an execution is completed.

It follows real entries in their oddities: the execution inside has the form of API v1, zero counts are left out, a
timeout is a string of seconds and has no reason, and some names hold the project's id, others its number.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from interlock_local.cloud_run.execution import Execution, Outcome, TaskState, outcome
from interlock_local.cloud_run.status_messages import completed_message, seconds_taken, status_message

AUDIT_LOG_TYPE = "type.googleapis.com/google.cloud.audit.AuditLog"
EXECUTION_TYPE = "type.googleapis.com/google.cloud.run.v1.Execution"


@dataclass(frozen=True, slots=True)
class AuditStatus:
    """The fields of an entry in which outcomes differ."""

    code: int | None
    reason: str | None
    severity: str


AUDIT_STATUSES: Mapping[Outcome, AuditStatus] = {
    Outcome.SUCCEEDED: AuditStatus(None, None, "INFO"),
    Outcome.NON_ZERO_EXIT: AuditStatus(10, "NonZeroExitCode", "ERROR"),
    Outcome.TIMED_OUT: AuditStatus(4, None, "ERROR"),
    Outcome.CANCELLED: AuditStatus(2, "CANCELLED", "ERROR"),
    Outcome.NOT_STARTED: AuditStatus(5, None, "ERROR"),
}


def completion_entry(execution: Execution, *, project_number: str) -> dict[str, Any]:
    """Return the whole LogEntry; only a completed execution has one."""
    project, location, job = _parts(execution.job)
    audit_status = AUDIT_STATUSES[outcome(execution)]
    written = _time(execution.completed_at or execution.created_at)
    return {
        "logName": f"projects/{project}/logs/cloudaudit.googleapis.com%2Fsystem_event",
        "insertId": execution.uid.replace("-", "")[:16],
        "timestamp": written,
        "receiveTimestamp": written,
        "severity": audit_status.severity,
        "resource": {
            "type": "cloud_run_job",
            "labels": {"job_name": job, "location": location, "project_id": project},
        },
        "labels": {"run.googleapis.com/execution_name": execution.name},
        "protoPayload": {
            "@type": AUDIT_LOG_TYPE,
            "serviceName": "run.googleapis.com",
            "methodName": "/Jobs.RunJob",
            "resourceName": f"namespaces/{project}/executions/{execution.name}",
            "status": _status(execution, audit_status),
            "response": _response(execution, project_number=project_number),
        },
    }


def _status(execution: Execution, audit_status: AuditStatus) -> dict[str, Any]:
    if audit_status.code is None:
        return {}
    return {"code": audit_status.code, "message": status_message(execution)}


def _response(execution: Execution, *, project_number: str) -> dict[str, Any]:
    return {
        "@type": EXECUTION_TYPE,
        "apiVersion": "run.googleapis.com/v1",
        "kind": "Execution",
        "metadata": _metadata(execution, project_number=project_number),
        "spec": _spec(execution),
        "status": _execution_status(execution),
    }


def _metadata(execution: Execution, *, project_number: str) -> dict[str, Any]:
    project, location, job = _parts(execution.job)
    path = f"/apis/run.googleapis.com/v1/namespaces/{project_number}"
    return {
        "name": execution.name,
        "namespace": project_number,
        "selfLink": f"{path}/executions/{execution.name}",
        "uid": execution.uid,
        "resourceVersion": "1",
        "generation": 1,
        "creationTimestamp": _time(execution.created_at),
        "labels": {
            "cloud.googleapis.com/location": location,
            "run.googleapis.com/job": job,
            "run.googleapis.com/jobGeneration": "1",
        },
        "annotations": {
            "run.googleapis.com/creator": f"dispatch-release@{project}.iam.gserviceaccount.com",
            "run.googleapis.com/execution-environment": "gen2",
        },
        "ownerReferences": [{"kind": "Job", "name": job, "apiVersion": "serving.knative.dev/v1", "controller": True}],
    }


def _spec(execution: Execution) -> dict[str, Any]:
    template = execution.template
    container: dict[str, Any] = {
        "name": template.container,
        "image": template.image,
        "command": list(template.command),
        "args": list(template.args),
        "env": [{"name": name, "value": value} for name, value in template.env.items()],
    }
    task = {
        "containers": [{key: value for key, value in container.items() if value}],
        "maxRetries": template.max_retries,
        "timeoutSeconds": f"{template.timeout_seconds:g}",
        "serviceAccountName": template.service_account,
    }
    return {
        "parallelism": execution.parallelism or len(execution.tasks),
        "taskCount": len(execution.tasks),
        "template": {"spec": {key: value for key, value in task.items() if value}},
    }


def _execution_status(execution: Execution) -> dict[str, Any]:
    counts = {
        "succeededCount": execution.count(TaskState.SUCCEEDED),
        "failedCount": execution.failed_count,
        "cancelledCount": execution.count(TaskState.CANCELLED),
        "retriedCount": execution.retried_count,
    }
    times = {"startTime": execution.started_at, "completionTime": execution.completed_at}
    return {
        "observedGeneration": 1,
        "conditions": list(_conditions(execution)),
        **{key: _time(value) for key, value in times.items() if value},
        **{key: count for key, count in counts.items() if count},
        "logUri": execution.log_uri,
    }


def _conditions(execution: Execution) -> Iterator[dict[str, Any]]:
    result = outcome(execution)
    reason = AUDIT_STATUSES[result].reason
    yield {
        "type": "Completed",
        "status": "True" if result is Outcome.SUCCEEDED else "False",
        **({"reason": reason} if reason else {}),
        "message": completed_message(execution),
        "lastTransitionTime": _time(execution.completed_at or execution.created_at),
    }
    started = execution.started_at
    if not started:
        return
    waited = (started - execution.created_at).total_seconds()
    yield _true("ResourcesAvailable", f"Provisioned imported containers in {waited:.2f}s.", changed=started)
    yield _true("ContainerReady", f"Imported container image in {waited:.2f}s.", changed=started)
    yield _true("Started", f"Started deployed execution in {waited:.2f}s.", changed=started)
    if execution.retried_count and execution.completed_at:
        retry = f"System will retry after 0:00:00 from lastTransitionTime, {seconds_taken(execution):.2f}s in."
        yield {**_true("Retry", retry, changed=execution.completed_at), "reason": "ImmediateRetry"}


def _true(kind: str, message: str, *, changed: datetime) -> dict[str, Any]:
    return {"type": kind, "status": "True", "message": message, "lastTransitionTime": _time(changed)}


def _parts(job: str) -> tuple[str, str, str]:
    _, project, _, location, _, name = job.split("/")
    return project, location, name


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
