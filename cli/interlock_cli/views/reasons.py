"""What each reason means, in one sentence, and what to do about it; docs/runbooks/REASON.md has the details."""

import os
from dataclasses import dataclass

from interlock.domain.reasons import UNKNOWN, runbook

_PUBLISH_AGAIN = "let the sender mend the message and publish it again; then discard this one"
_NOTHING = "nothing, if that was meant; else publish it again"


@dataclass(frozen=True, slots=True)
class ReasonText:
    """What a reason means, and what to do about it."""

    why: str
    fix: str


REASON_TEXTS = {
    "schema": ReasonText(
        "The message breaks the contract.", "mend it with replay --edit, or let the sender publish again"
    ),
    "empty": ReasonText("The message has no data.", _PUBLISH_AGAIN),
    "not_utf8": ReasonText("The message is not UTF-8 text.", _PUBLISH_AGAIN),
    "not_json": ReasonText("The message is not JSON.", "mend it with replay --edit, or let the sender publish a file"),
    "not_object": ReasonText("The message is JSON, but not an object.", _PUBLISH_AGAIN),
    "duplicate_key": ReasonText("A key stands twice in the message.", "mend it with replay --edit"),
    "not_finite": ReasonText("A number of the message is not finite.", "mend it with replay --edit"),
    "too_deep": ReasonText("The message is nested too deep.", _PUBLISH_AGAIN),
    "too_large": ReasonText("The message is larger than 256 KiB.", _PUBLISH_AGAIN),
    "cloud_event": ReasonText("The message says that it is a CloudEvent, and its data is none.", _PUBLISH_AGAIN),
    "no_route": ReasonText(
        "No route takes the message's target.", "add the route, or mend the target with replay --edit"
    ),
    "policy": ReasonText("The message asks for what its route does not allow.", "change the route, or replay --edit"),
    "id_conflict": ReasonText("Another request has used the release id.", "give it a new id with replay --edit"),
    "unknown_release": ReasonText("The release to cancel is not known.", "replay it if it overtook its release"),
    "lane_busy": ReasonText(
        "Another release holds the lane, and its route lets nobody wait.", "publish it again later"
    ),
    "queue_full": ReasonText("As many releases wait for the lane as its route allows.", "see what holds the lane"),
    "job_not_found": ReasonText(
        "The route's Cloud Run job does not exist.", "mend the route or deploy the job, then replay"
    ),
    "permission": ReasonText(
        "Interlock may not start the route's job.", "grant roles/run.jobsExecutorWithOverrides on the job, then replay"
    ),
    "invalid_argument": ReasonText(
        "Cloud Run refused the overrides.", "mend task_count or timeout_seconds, then replay"
    ),
    "failed_precondition": ReasonText("The job cannot run as it is.", "mend the job, then replay"),
    "start_exhausted": ReasonText(
        "Cloud Run did not confirm a start in any of the tries.", "check that no execution runs, then replay"
    ),
    "execution_lost": ReasonText(
        "Cloud Run no longer knows the execution.", "find out from the log what it did, then publish it again"
    ),
    "inconsistent": ReasonText(
        "Cloud Run's counts do not add up to an outcome.", "find out from the log what it did, then publish it again"
    ),
    "delivery_exhausted": ReasonText(
        "A function failed on every delivery, so Pub/Sub gave up.", "mend what its log says, then replay"
    ),
    "non_zero_exit": ReasonText("The script ended with an error.", "read its last lines, mend it, publish it again"),
    "timeout": ReasonText("The script ran longer than it may.", "find what hung, or raise timeout_seconds"),
    "out_of_memory": ReasonText("The script used more memory than the job has.", "raise the job's memory"),
    "start_failed": ReasonText("The container did not start.", "mend the job's image, secrets or mounts"),
    "cancelled": ReasonText("The execution was cancelled in Cloud Run.", _NOTHING),
    "by_request": ReasonText("Somebody asked for it to be cancelled.", _NOTHING),
    "newer_request": ReasonText("A newer request took its place.", "nothing: follow the newer one"),
    "not_after": ReasonText("Its not_after passed before it could start.", "publish it again with a later not_after"),
}
_UNKNOWN_DEAD_LETTER_REASON = ReasonText(
    "Somebody published on the dead-letter topic directly.", "find out who, then discard it"
)
_UNKNOWN_CLOSING_REASON = ReasonText(
    "The platform gave a reason that Interlock does not know.", "read its detail and its log"
)


def dead_letter_reason_text(reason: str) -> ReasonText:
    """Return why a dead letter was recorded and what to do about it."""
    return REASON_TEXTS.get(reason, _UNKNOWN_DEAD_LETTER_REASON)


def closing_reason_text(reason: str) -> ReasonText:
    """Return what a release's closing reason means and what to do about it."""
    return REASON_TEXTS.get(reason, _UNKNOWN_CLOSING_REASON)


def runbook_url(reason: str | None) -> str:
    """Return the address of the reason's runbook, below the one that INTERLOCK_RUNBOOKS gives."""
    from interlock.config import AlertSettings, settings_of

    setting = settings_of(AlertSettings)["runbooks"]
    return runbook(reason or UNKNOWN, os.environ.get(setting.name) or setting.default or "")
