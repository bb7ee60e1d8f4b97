"""Reads the platform's completion entry of a job's execution.

The entry is in the `system_event` audit log under method `/Jobs.RunJob`; everything else in that log is not a
completion. Zero counts are left out of it, and numbers may be floats.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from interlock.domain.executions.outcome import Counts, outcome_of
from interlock.domain.json_access import list_at, numbers_at, pairs_at, texts_at
from interlock.domain.releases.events import ExecutionEnded
from interlock.domain.releases.model import Result, State

_SYSTEM_EVENT = re.compile(r"cloudaudit\.googleapis\.com(?:%2F|/)system_event\Z", re.IGNORECASE)
_METHOD = "/Jobs.RunJob"
_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:_-]{0,127}\Z")
_NAMESPACE = re.compile(r"namespaces/([^/]+)/executions/([^/]+)\Z")
_LOG_PROJECT = re.compile(r"projects/([^/]+)/logs/")
_RESPONSE = ("protoPayload", "response")
_TEXTS = {
    "log_name": ("logName",),
    "method": ("protoPayload", "methodName"),
    "resource_name": ("protoPayload", "resourceName"),
    "status_message": ("protoPayload", "status", "message"),
    "type": (*_RESPONSE, "@type"),
    "kind": (*_RESPONSE, "kind"),
    "log_uri": (*_RESPONSE, "status", "logUri"),
    "project": ("resource", "labels", "project_id"),
    "location": ("resource", "labels", "location"),
    "job": ("resource", "labels", "job_name"),
    "inner_location": (*_RESPONSE, "metadata", "labels", "cloud.googleapis.com/location"),
    "inner_job": (*_RESPONSE, "metadata", "labels", "run.googleapis.com/job"),
    "execution": (*_RESPONSE, "metadata", "name"),
    "outer_execution": ("labels", "run.googleapis.com/execution_name"),
}
"""Where the texts of an entry stand."""

_NUMBERS = {
    "succeeded": (*_RESPONSE, "status", "succeededCount"),
    "failed": (*_RESPONSE, "status", "failedCount"),
    "cancelled": (*_RESPONSE, "status", "cancelledCount"),
    "retried": (*_RESPONSE, "status", "retriedCount"),
    "tasks": (*_RESPONSE, "spec", "taskCount"),
}
"""Where its counts stand; the API leaves out a count of 0, and a task count of 1."""


@dataclass(frozen=True, slots=True)
class NotACompletion:
    """An entry that is no completion, or too damaged to be taken for one."""

    reason: str


def read_completion(entry: Mapping[str, object]) -> ExecutionEnded | NotACompletion:
    """Return the ended execution in a log entry, or why it holds none; never raise, whatever the entry holds."""
    texts, conditions = texts_at(entry, _TEXTS), list_at(entry, *_RESPONSE, "status", "conditions")
    numbers = numbers_at(entry, _NUMBERS, absent=0)
    variables = pairs_at(list_at(entry, *_RESPONSE, "spec", "template", "spec", "containers"), "env")
    completed = next((one for one in conditions if one.get("type") == "Completed"), None)
    reason = _unfit(texts, is_part=entry.get("split") is not None)
    if reason is not None:
        return NotACompletion(reason)
    if completed is None:
        return NotACompletion("its execution has no Completed condition")
    execution = _execution_name(texts)
    if numbers is None:
        return NotACompletion("its counts are not whole numbers")
    if execution is None:
        return NotACompletion("it names no execution, job, location and project")
    outcome = _outcome(completed, texts.get("status_message"), numbers)
    if outcome is None:
        return NotACompletion("its Completed condition is neither True nor False")
    return _ended(execution, outcome, variables, texts.get("log_uri", ""))


def _unfit(texts: Mapping[str, str], *, is_part: bool) -> str | None:
    """Return which guard the entry fails; the inner type counts, since Eventarc leaves out the outer one."""
    if not _SYSTEM_EVENT.search(texts.get("log_name", "")):
        return "it is not of the system_event log"
    if texts.get("method") != _METHOD:
        return f"its method is not {_METHOD}"
    if is_part:
        return "it is a part of a split entry"
    if texts.get("kind") != "Execution" and not texts.get("type", "").endswith(".Execution"):
        return "it holds no execution"
    return None


def _execution_name(texts: Mapping[str, str]) -> str | None:
    """Return the execution's full name, as the v2 API writes it."""
    resource = _NAMESPACE.match(texts.get("resource_name", ""))
    logged = _LOG_PROJECT.match(texts.get("log_name", ""))
    project = _project(texts.get("project"), resource and resource[1], logged and logged[1])
    location = texts.get("location") or texts.get("inner_location")
    job = texts.get("job") or texts.get("inner_job")
    execution = texts.get("execution") or texts.get("outer_execution") or (resource[2] if resource else None)
    if not all(_SAFE_NAME.match(part or "") for part in (project, location, job, execution)):
        return None
    return f"projects/{project}/locations/{location}/jobs/{job}/executions/{execution}"


def _project(*candidates: str | None) -> str | None:
    """Return the project's id; its number, as in `metadata.namespace` and `selfLink`, names nothing of ours."""
    return next((name for name in candidates if name and not name.isdigit()), None)


def _outcome(
    completed: Mapping[str, object], status_message: str | None, numbers: Mapping[str, int]
) -> tuple[State, Result] | None:
    reason, message = completed.get("reason"), completed.get("message")
    return outcome_of(
        {"true": True, "false": False}.get(str(completed.get("status")).lower()),
        reason if isinstance(reason, str) else None,
        message=message if isinstance(message, str) and message else status_message,
        counts=Counts(**{name: numbers[name] for name in ("succeeded", "failed", "cancelled", "retried")}),
        task_count=numbers["tasks"] or 1,
    )


def _ended(
    execution: str, outcome: tuple[State, Result], variables: Mapping[str, str], log_uri: str
) -> ExecutionEnded | NotACompletion:
    release_id = variables.get("INTERLOCK_RELEASE_ID")
    attempt, fencing_token = (_number(variables.get(f"INTERLOCK_{name}", "")) for name in ("ATTEMPT", "FENCE"))
    if not release_id or attempt is None:
        return NotACompletion("its execution bears no release")
    return ExecutionEnded(
        release_id=release_id,
        attempt=attempt,
        fencing_token=fencing_token,
        execution=execution,
        state=outcome[0],
        result=outcome[1],
        log_uri=log_uri if log_uri.startswith("https://") and len(log_uri) <= 2048 else None,
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None
