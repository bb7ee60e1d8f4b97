"""An execution as Cloud Run's API describes it, and what its end means for the release that it bears."""

from collections.abc import Mapping
from dataclasses import dataclass

from interlock.domain.executions.outcome import Counts, outcome_of
from interlock.domain.json_access import whole_number
from interlock.domain.releases.events import ExecutionEnded
from interlock.domain.releases.model import Release, Result, State


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionStatus:
    """One execution: its environment, and whether and how it ended.

    `completed` is its Completed condition: True, False, or None while it is not decided.
    """

    environment: Mapping[str, str]
    completed: bool | None
    reason: str | None
    message: str | None
    counts: Mapping[str, int]
    task_count: int
    log_uri: str | None


def ended(release: Release, execution: str, status: ExecutionStatus) -> ExecutionEnded | None:
    """Return the end of the release's execution, or None while it runs."""
    counts = Counts(**{name: status.counts.get(name, 0) for name in ("succeeded", "failed", "cancelled", "retried")})
    outcome = outcome_of(
        status.completed, status.reason, message=status.message, counts=counts, task_count=status.task_count
    )
    if outcome is None:
        return None
    state, result = outcome
    return ExecutionEnded(
        release_id=release.release_id,
        attempt=release.attempt,
        fencing_token=whole_number(status.environment.get("INTERLOCK_FENCE")),
        execution=execution,
        state=state,
        result=result,
        log_uri=status.log_uri,
    )


def lost(release: Release, execution: str) -> ExecutionEnded:
    """Return the end of an execution that Cloud Run does not know."""
    return ExecutionEnded(
        release_id=release.release_id,
        attempt=release.attempt,
        fencing_token=None,
        execution=execution,
        state=State.ERRORED,
        result=Result(reason="execution_lost", detail="Cloud Run does not know the execution"),
    )
