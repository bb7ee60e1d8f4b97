"""Why a message became a dead letter, in one sentence, and what mends it; docs/runbooks/dead-letters.md says more."""

from dataclasses import dataclass

from interlock.domain.dead_letter import DeadLetter

_PUBLISH_AGAIN = "the sender mends the message and publishes it again; then discard this one"


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
    "delivery_exhausted": Reason(
        "A function failed on every delivery, so Pub/Sub gave up.", "mend what its log says, then replay"
    ),
}
_UNKNOWN = Reason("Somebody published on the dead-letter topic directly.", "find out who, then discard it")


def reason_of(letter: DeadLetter) -> Reason:
    """Return why it is here and what mends it."""
    return REASONS.get(letter.reason, _UNKNOWN)
