"""Every word that says why a release closed or a message became a dead letter; each has its page in docs/runbooks/."""

UNKNOWN = "unknown"

REJECTED = frozenset(
    {"schema", "no_route", "id_conflict", "policy", "lane_busy", "queue_full", "cloud_event", "unknown_release"}
    | {"empty", "not_utf8", "not_json", "not_object", "duplicate_key", "not_finite", "too_deep", "too_large"}
)
FAILED = frozenset({"non_zero_exit", "timeout", "out_of_memory", "start_failed", UNKNOWN})
ERRORED = frozenset(
    {"permission", "job_not_found", "invalid_argument", "failed_precondition", "start_exhausted"}
    | {"execution_lost", "inconsistent"}
)
STOPPED = frozenset({"by_request", "cancelled", "newer_request", "not_after"})
REASONS = REJECTED | FAILED | ERRORED | STOPPED | {"delivery_exhausted"}


def runbook(reason: str, base: str) -> str:
    """Return the address of the reason's page; the platform may have words of its own, which are `unknown`."""
    return f"{base.rstrip('/')}/{reason if reason in REASONS else UNKNOWN}.md"
