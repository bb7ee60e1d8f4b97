"""Turns a dead letter into the log entry that wakes on-call: schemas/dead-letter-alert.v1.json."""

import re
from typing import Literal, TypeAlias

from interlock.domain.dead_letters.dead_letter import DeadLetter, Incident
from interlock.domain.reasons import REJECTED, runbook
from interlock.domain.redaction import excerpt

Severity: TypeAlias = Literal["WARNING", "ERROR", "CRITICAL"]

ERROR_EVENT = "type.googleapis.com/google.devtools.clouderrorreporting.v1beta1.ReportedErrorEvent"

_PRODUCTION = re.compile(r"(?:^|[^a-z])(?:prod|prd|production|live)(?:$|[^a-z])", re.IGNORECASE)
_SENDERS_FAULT = REJECTED - {"unknown_release"}
_SEVERITIES: dict[tuple[bool, Literal["production", "other", "unknown"]], Severity] = {
    (True, "production"): "ERROR",
    (True, "unknown"): "ERROR",
    (True, "other"): "WARNING",
    (False, "production"): "CRITICAL",
    (False, "unknown"): "ERROR",
    (False, "other"): "ERROR",
}
"""By whether the sender can mend it, and by environment; an unknown one might be production."""


def alert_severity(reason: str, target_env: str | None) -> Severity:
    """Return how loud a dead letter is: what its sender must mend is quieter than what we could not do."""
    if target_env is None:
        return _SEVERITIES[reason in _SENDERS_FAULT, "unknown"]
    return _SEVERITIES[reason in _SENDERS_FAULT, "production" if _PRODUCTION.search(target_env) else "other"]


def alert(
    dead_letter: DeadLetter, *, incident: Incident, notify: bool, instance: str, runbooks: str
) -> dict[str, object]:
    """Return one structured entry for Cloud Logging, Error Reporting and an alert policy on the label `notify`.

    Error Reporting groups by the reported location, which is therefore the fingerprint.
    """
    severity = alert_severity(dead_letter.reason, dead_letter.target_env)
    entry = {
        "severity": severity,
        "message": _headline(dead_letter, incident),
        "@type": ERROR_EVENT,
        "serviceContext": {"service": "alert_dead_letter"},
        "context": {"reportLocation": _location(dead_letter)},
        "logging.googleapis.com/labels": {
            "fingerprint": dead_letter.fingerprint,
            "reason": dead_letter.reason,
            "environment": dead_letter.target_env or "unknown",
            "severity": severity,
            "instance": instance,
            "notify": "true" if notify else "false",
        },
        "event": "dead_letter",
        **_facts(dead_letter),
        "incident": _incident(incident),
        "excerpt": excerpt(dead_letter.data),
        "runbook": runbook(dead_letter.reason, runbooks),
        "commands": _commands(dead_letter.dead_letter_id),
    }
    return {key: value for key, value in entry.items() if value is not None}


def _headline(dead_letter: DeadLetter, incident: Incident) -> str:
    """Return one line of what, where and how often; the error comes last, because it may be long."""
    what = dead_letter.release_id or f"message {dead_letter.message_id}"
    where = "/".join(part for part in (dead_letter.target_env, dead_letter.service) if part) or "an unknown target"
    line = f"Dead letter: {what} for {where}: {dead_letter.reason} at {dead_letter.stage} (x{incident.count})"
    return (f"{line}: {dead_letter.error}" if dead_letter.error else line)[:2000]


def _location(dead_letter: DeadLetter) -> dict[str, object]:
    return {"filePath": dead_letter.stage, "lineNumber": 1, "functionName": dead_letter.fingerprint}


def _facts(dead_letter: DeadLetter) -> dict[str, object]:
    return {
        "dead_letter_id": dead_letter.dead_letter_id,
        "origin": dead_letter.origin,
        "reason": dead_letter.reason,
        "stage": dead_letter.stage,
        "error": dead_letter.error,
        "route": dead_letter.route,
        "release_id": dead_letter.release_id,
        "target_env": dead_letter.target_env,
        "service": dead_letter.service,
        "message_id": dead_letter.message_id,
        "publish_time": dead_letter.publish_time.isoformat(),
        "delivery_count": dead_letter.delivery_count,
        "source_subscription": dead_letter.source_subscription,
        "fingerprint": dead_letter.fingerprint,
    }


def _incident(incident: Incident) -> dict[str, object]:
    return {
        "count": incident.count,
        "opened_at": incident.opened_at.isoformat(),
        "last_seen_at": incident.last_seen_at.isoformat(),
    }


def _commands(dead_letter_id: str) -> dict[str, str]:
    return {verb: f"interlock dead-letters {verb} {dead_letter_id}" for verb in ("show", "replay")}
