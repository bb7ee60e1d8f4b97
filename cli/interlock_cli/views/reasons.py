"""What each reason means, in one sentence, and what mends it; the page docs/runbooks/REASON.md says more."""

import os
from dataclasses import dataclass

from interlock.domain.reasons import UNKNOWN, runbook

_PUBLISH_AGAIN = "let the sender mend the message and publish it again; then discard this one"
_NOTHING = "nothing, if that was meant; else publish it again"


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason in words."""

    why: str
    fix: str


REASONS = {
    "schema": Reason("The message breaks the contract.", "mend it with replay --edit, or let the sender publish again"),
    "empty": Reason("The message has no data.", _PUBLISH_AGAIN),
    "not_utf8": Reason("The message is not UTF-8 text.", _PUBLISH_AGAIN),
    "not_json": Reason("The message is not JSON.", "mend it with replay --edit, or let the sender publish a file"),
    "not_object": Reason("The message is JSON, but not an object.", _PUBLISH_AGAIN),
    "duplicate_key": Reason("A key stands twice in the message.", "mend it with replay --edit"),
    "not_finite": Reason("A number of the message is not finite.", "mend it with replay --edit"),
    "too_deep": Reason("The message is nested too deep.", _PUBLISH_AGAIN),
    "too_large": Reason("The message is larger than 256 KiB.", _PUBLISH_AGAIN),
    "cloud_event": Reason("The message says that it is a CloudEvent, and its data is none.", _PUBLISH_AGAIN),
    "no_route": Reason("No route takes the message's target.", "add the route, or mend the target with replay --edit"),
    "policy": Reason("The message asks for what its route does not allow.", "change the route, or replay --edit"),
    "id_conflict": Reason("Another request has used the release id.", "give it a new id with replay --edit"),
    "unknown_release": Reason("The release to cancel is not known.", "replay it if it overtook its release"),
    "lane_busy": Reason("Another release holds the lane, and its route lets nobody wait.", "publish it again later"),
    "queue_full": Reason("As many releases wait for the lane as its route allows.", "see what holds the lane"),
    "job_not_found": Reason(
        "The route's Cloud Run job does not exist.", "mend the route or deploy the job, then replay"
    ),
    "permission": Reason(
        "Interlock may not start the route's job.", "grant roles/run.jobsExecutorWithOverrides on the job, then replay"
    ),
    "invalid_argument": Reason("Cloud Run refused the overrides.", "mend task_count or timeout_seconds, then replay"),
    "failed_precondition": Reason("The job cannot run as it is.", "mend the job, then replay"),
    "start_exhausted": Reason(
        "Cloud Run did not confirm a start in any of the tries.", "check that no execution runs, then replay"
    ),
    "execution_lost": Reason(
        "Cloud Run no longer knows the execution.", "find out from the log what it did, then publish it again"
    ),
    "inconsistent": Reason(
        "Cloud Run's counts do not add up to an outcome.", "find out from the log what it did, then publish it again"
    ),
    "delivery_exhausted": Reason(
        "A function failed on every delivery, so Pub/Sub gave up.", "mend what its log says, then replay"
    ),
    "non_zero_exit": Reason("The script ended with an error.", "read its last lines, mend it, publish it again"),
    "timeout": Reason("The script ran longer than it may.", "find what hung, or raise timeout_seconds"),
    "out_of_memory": Reason("The script used more memory than the job has.", "raise the job's memory"),
    "start_failed": Reason("The container did not start.", "mend the job's image, secrets or mounts"),
    "cancelled": Reason("The execution was cancelled in Cloud Run.", _NOTHING),
    "by_request": Reason("Somebody asked for it to be cancelled.", _NOTHING),
    "newer_request": Reason("A newer request took its place.", "nothing: follow the newer one"),
    "not_after": Reason("Its not_after passed before it could start.", "publish it again with a later not_after"),
}
_STRANGE_LETTER = Reason("Somebody published on the dead-letter topic directly.", "find out who, then discard it")
_STRANGE_END = Reason("The platform gave a reason that Interlock does not know.", "read its detail and its log")


def reason_of_letter(word: str) -> Reason:
    """Return why a dead letter is here and what mends it."""
    return REASONS.get(word, _STRANGE_LETTER)


def reason_of_end(word: str) -> Reason:
    """Return what a release's closing reason means and what to do about it."""
    return REASONS.get(word, _STRANGE_END)


def runbook_of(word: str | None) -> str:
    """Return the address of the reason's page, where INTERLOCK_RUNBOOKS has them."""
    from interlock.config import AlertSettings, settings_of

    setting = settings_of(AlertSettings)["runbooks"]
    return runbook(word or UNKNOWN, os.environ.get(setting.name) or setting.default or "")
