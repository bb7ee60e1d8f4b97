"""Reads the platform's completion entry of a job's execution.

The entry is in the `system_event` audit log under method `/Jobs.RunJob`; everything else in that log is not a
completion. Zero counts are left out of it, and numbers may be floats.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from interlock.domain.executions.outcome import Counts, outcome_of
from interlock.domain.json_access import list_at, map_at, text_at, whole_number
from interlock.domain.releases.events import ExecutionEnded
from interlock.domain.releases.model import Result, State

_SYSTEM_EVENT = re.compile(r"cloudaudit\.googleapis\.com(?:%2F|/)system_event\Z", re.IGNORECASE)
_METHOD = "/Jobs.RunJob"
_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:_-]{0,127}\Z")
_NAMESPACE = re.compile(r"namespaces/([^/]+)/executions/([^/]+)\Z")
_LOG_PROJECT = re.compile(r"projects/([^/]+)/logs/")


@dataclass(frozen=True, slots=True)
class NotACompletion:
    """An entry that is no completion, or too damaged to be taken for one."""

    reason: str


def read_completion(entry: Mapping[str, object]) -> ExecutionEnded | NotACompletion:
    """The ended execution in a log entry, or why it is none; never an exception, whatever the entry holds."""
    response = map_at(entry, "protoPayload", "response")
    unfit = _unfit(entry, response)
    if unfit is not None:
        return NotACompletion(unfit)
    condition = _completed_condition(response)
    counts, task_count = _counts(map_at(response, "status")), _task_count(response)
    execution = _execution_name(entry, response)
    if counts is None or task_count is None:
        return NotACompletion("its counts are not whole numbers")
    if execution is None:
        return NotACompletion("it names no execution, job, location and project")
    message = text_at(condition, "message") or text_at(map_at(entry, "protoPayload", "status"), "message")
    outcome = outcome_of(
        {"true": True, "false": False}.get(str(condition.get("status")).lower()),
        text_at(condition, "reason"),
        message=message,
        counts=counts,
        task_count=task_count,
    )
    if outcome is None:
        return NotACompletion("its Completed condition is neither True nor False")
    return _ended(response, outcome, execution)


def _ended(
    response: Mapping[str, object], outcome: tuple[State, Result], execution: str
) -> ExecutionEnded | NotACompletion:
    variables = _variables(response)
    release_id, attempt = variables.get("INTERLOCK_RELEASE_ID"), whole_number(variables.get("INTERLOCK_ATTEMPT"))
    if not release_id or attempt is None:
        return NotACompletion("its execution bears no release")
    log_uri = text_at(map_at(response, "status"), "logUri") or ""
    return ExecutionEnded(
        release_id=release_id,
        attempt=attempt,
        fence=whole_number(variables.get("INTERLOCK_FENCE")),
        execution=execution,
        state=outcome[0],
        result=outcome[1],
        log_uri=log_uri if log_uri.startswith("https://") and len(log_uri) <= 2048 else None,
    )


def _unfit(entry: Mapping[str, object], response: Mapping[str, object]) -> str | None:
    """Which guard an entry fails; the inner type counts, since Eventarc leaves out the outer one."""
    if not _SYSTEM_EVENT.search(text_at(entry, "logName") or ""):
        return "it is not of the system_event log"
    if map_at(entry, "protoPayload").get("methodName") != _METHOD:
        return f"its method is not {_METHOD}"
    if entry.get("split") is not None:
        return "it is a part of a split entry"
    inner = text_at(response, "@type") or ""
    if response.get("kind") != "Execution" and not inner.endswith(".Execution"):
        return "it holds no execution"
    return None if _completed_condition(response) else "its execution has no Completed condition"


def _completed_condition(response: Mapping[str, object]) -> Mapping[str, object]:
    conditions = list_at(response, "status", "conditions")
    return next((condition for condition in conditions if condition.get("type") == "Completed"), {})


def _execution_name(entry: Mapping[str, object], response: Mapping[str, object]) -> str | None:
    """Return the execution's full name, as the v2 API writes it."""
    labels, own = map_at(entry, "resource", "labels"), map_at(response, "metadata")
    inner = map_at(own, "labels")
    resource = _NAMESPACE.match(text_at(map_at(entry, "protoPayload"), "resourceName") or "")
    logged = _LOG_PROJECT.match(text_at(entry, "logName") or "")
    project = _project(text_at(labels, "project_id"), resource and resource[1], logged and logged[1])
    location = text_at(labels, "location") or text_at(inner, "cloud.googleapis.com/location")
    job = text_at(labels, "job_name") or text_at(inner, "run.googleapis.com/job")
    outer = text_at(map_at(entry, "labels"), "run.googleapis.com/execution_name")
    execution = text_at(own, "name") or outer or (resource[2] if resource else None)
    if not all(_SAFE_NAME.match(part or "") for part in (project, location, job, execution)):
        return None
    return f"projects/{project}/locations/{location}/jobs/{job}/executions/{execution}"


def _project(*candidates: str | None) -> str | None:
    """The project's id; its number, as in `metadata.namespace` and `selfLink`, names nothing of ours."""
    return next((name for name in candidates if name and not name.isdigit()), None)


def _counts(status: Mapping[str, object]) -> Counts | None:
    succeeded, failed, cancelled, retried = (
        whole_number(status.get(f"{name}Count", 0)) for name in ("succeeded", "failed", "cancelled", "retried")
    )
    if succeeded is None or failed is None or cancelled is None or retried is None:
        return None
    return Counts(succeeded=succeeded, failed=failed, cancelled=cancelled, retried=retried)


def _task_count(response: Mapping[str, object]) -> int | None:
    """The tasks asked for; the API's default is one."""
    return whole_number(map_at(response, "spec").get("taskCount", 1)) or None


def _variables(response: Mapping[str, object]) -> Mapping[str, str]:
    """The environment over all containers, in no sure order; the first that sets a name counts."""
    containers = list_at(response, "spec", "template", "spec", "containers")
    pairs = [(text_at(item, "name"), text_at(item, "value")) for box in containers for item in list_at(box, "env")]
    return {name: value for name, value in reversed(pairs) if name is not None and value is not None}
