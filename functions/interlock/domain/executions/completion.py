"""Reads the platform's completion entry of a job's execution, and decides what became of it.

The entry is in the `system_event` audit log under method `/Jobs.RunJob`; everything else in that log
is not a completion. Wordings change, zero counts are left out, so only counts, the `Completed` condition,
reasons and short phrases decide.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from interlock.domain.json_access import list_at, map_at, read_timestamp, text_at, whole_number
from interlock.domain.redaction import redact_text

Outcome: TypeAlias = Literal["succeeded", "failed", "cancelled", "errored"]

_SYSTEM_EVENT = re.compile(r"cloudaudit\.googleapis\.com(?:%2F|/)system_event\Z", re.IGNORECASE)
_METHOD = "/Jobs.RunJob"
_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:_-]{0,127}\Z")
_NAMESPACE = re.compile(r"namespaces/([^/]+)/executions/([^/]+)\Z")
_LOG_PROJECT = re.compile(r"projects/([^/]+)/logs/")

_PHRASES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "timeout",
        re.compile(
            r"\b(?:configured|maximum) timeout\b|\btimeout (?:was )?reached\b|\btimed out\b",
            re.IGNORECASE,
        ),
    ),
    ("out_of_memory", re.compile(r"\bmemory limit\b|\bout of memory\b", re.IGNORECASE)),
    ("non_zero_exit", re.compile(r"\bexit(?:ed)? (?:with )?(?:an? )?(?:code|status|error)\b", re.IGNORECASE)),
)
"""Phrases with a space in them, which no job's or execution's name can hold."""

_EXIT_CODE = re.compile(r"\bexit(?:ed)? (?:with )?(?:an? )?(?:code|status)\W{0,3}([0-9]{1,3})\b", re.IGNORECASE)
_REASONS = {"non_zero_exit_code": "non_zero_exit", "cancelling": "cancelled", "canceled": "cancelled"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How the tasks of an execution ended; a count the platform left out is zero."""

    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0
    retried: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an ended execution means for its release."""

    outcome: Outcome
    reason: str | None = None
    detail: str | None = None
    exit_code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """An ended execution and the release its environment names; the ledger says who owns the fence."""

    execution: str
    job: str
    release_id: str | None
    attempt: int | None
    fence: int | None
    outcome: Outcome
    reason: str | None
    detail: str | None
    exit_code: int | None
    started_at: datetime | None
    completed_at: datetime | None
    log_uri: str | None
    counts: Counts
    task_count: int


@dataclass(frozen=True, slots=True)
class NotACompletion:
    """An entry that is no completion, or too damaged to be taken for one."""

    reason: str


def execution_outcome(
    completed: bool | None,  # noqa: FBT001 - the condition's three values: True, False, not yet
    reason: str | None,
    *,
    message: str | None,
    counts: Counts,
    task_count: int,
) -> Verdict | None:
    """The outcome rules, in their order; None while the execution has not ended.

    Serves log entries and executions read from the API alike, hence reasons in both spellings.
    """
    if completed is None:
        return None
    detail = bounded_detail(message)
    word = _reason_word(reason)
    if counts.cancelled > 0 or word == "cancelled":
        return Verdict(outcome="cancelled", reason="cancelled", detail=detail)
    if completed and counts.succeeded == task_count and counts.failed == 0:
        return Verdict(outcome="succeeded")
    if completed:
        return Verdict(outcome="errored", reason="inconsistent", detail=_mismatch(counts, task_count))
    word = word or _reason_from(message or "", counts)
    return Verdict(outcome="failed", reason=word, detail=detail, exit_code=_exit_code(message or ""))


def bounded_detail(message: str | None, limit: int = 500) -> str | None:
    """The platform's words for people: redacted, because newer wordings quote the container's own output."""
    text = redact_text(message).strip() if message else ""
    return (text if len(text) <= limit else text[: limit - 1] + "…") or None


def read_completion(entry: Mapping[str, object]) -> Completion | NotACompletion:
    """The completion in a log entry, or why it is none; never an exception, whatever the entry holds."""
    response = map_at(entry, "protoPayload", "response")
    unfit = _unfit(entry, response)
    if unfit is not None:
        return NotACompletion(unfit)
    condition = _completed_condition(response)
    counts, task_count = _counts(map_at(response, "status")), _task_count(response)
    names = _names(entry, response)
    if counts is None or task_count is None:
        return NotACompletion("its counts are not whole numbers")
    if names is None:
        return NotACompletion("it names no execution, job, location and project")
    message = text_at(condition, "message") or text_at(map_at(entry, "protoPayload", "status"), "message")
    verdict = execution_outcome(
        {"true": True, "false": False}.get(str(condition.get("status")).lower()),
        text_at(condition, "reason"),
        message=message,
        counts=counts,
        task_count=task_count,
    )
    if verdict is None:
        return NotACompletion("its Completed condition is neither True nor False")
    return _completion(response, verdict, names=names, counts=counts, task_count=task_count)


def _completion(
    response: Mapping[str, object],
    verdict: Verdict,
    *,
    names: tuple[str, str],
    counts: Counts,
    task_count: int,
) -> Completion:
    status, variables = map_at(response, "status"), _variables(response)
    log_uri = text_at(status, "logUri") or ""
    return Completion(
        execution=names[1],
        job=names[0],
        release_id=variables.get("INTERLOCK_RELEASE_ID") or None,
        attempt=whole_number(variables.get("INTERLOCK_ATTEMPT")),
        fence=whole_number(variables.get("INTERLOCK_FENCE")),
        outcome=verdict.outcome,
        reason=verdict.reason,
        detail=verdict.detail,
        exit_code=verdict.exit_code,
        started_at=read_timestamp(status.get("startTime")),
        completed_at=read_timestamp(status.get("completionTime")),
        log_uri=log_uri if log_uri.startswith("https://") and len(log_uri) <= 2048 else None,
        counts=counts,
        task_count=task_count,
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


def _names(entry: Mapping[str, object], response: Mapping[str, object]) -> tuple[str, str] | None:
    """The full names of job and execution, as the v2 API has them."""
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
    job_name = f"projects/{project}/locations/{location}/jobs/{job}"
    return job_name, f"{job_name}/executions/{execution}"


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


def _reason_word(reason: str | None) -> str | None:
    """`NonZeroExitCode`, `NON_ZERO_EXIT_CODE` and their like as one lower case word."""
    if not reason:
        return None
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", reason[:64])
    word = "_".join(words).lower()
    return _REASONS.get(word, word) or None


def _reason_from(message: str, counts: Counts) -> str:
    """The reason a message tells, by its first phrase: what follows may be the script's own output."""
    found = [(match.start(), word) for word, phrase in _PHRASES if (match := phrase.search(message))]
    if found:
        return min(found)[1]
    return "unknown" if counts.failed or counts.succeeded or counts.retried else "start_failed"


def _exit_code(message: str) -> int | None:
    match = _EXIT_CODE.search(message)
    return int(match[1]) if match else None


def _mismatch(counts: Counts, task_count: int) -> str:
    return f"completed, yet {counts.succeeded} of {task_count} tasks succeeded and {counts.failed} failed"
