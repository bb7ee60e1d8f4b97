"""Starts the job for a claimed release, or adopts the execution that an earlier start made; returns what happened."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from interlock.domain.executions.environment import execution_environment, identity_environment
from interlock.domain.releases.events import ExecutionNotFound, StartConfirmed, StartRefused, StartThrottled
from interlock.domain.releases.model import Release, ReleasePlan
from interlock.domain.releases.ownership import SEALED
from interlock.ports import Ambiguous, CloudRunUnavailable, JobStarter, Refused, Started, StartOrder, Throttled
from interlock.results.interface import OwnershipStore

_FIRST_RETRY_SECONDS = 5.0
_LONGEST_RETRY_SECONDS = 300.0

Launched = StartConfirmed | StartRefused | StartThrottled | Ambiguous


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLauncher:
    """Starts and stops executions for claimed releases. `jitter` gives numbers between 0 and 1.

    `open_ownership` opens the results store, None where there is none; only a start in doubt pays for its client.
    """

    jobs: JobStarter
    open_ownership: Callable[[], OwnershipStore | None]
    now: Callable[[], datetime]
    jitter: Callable[[], float]

    def launch(self, release: Release, plan: ReleasePlan, *, take_over: bool) -> Launched:
        """Start the job; a take-over first adopts what an earlier start made. Raises CloudRunUnavailable."""
        if take_over and (found := self._find(release, plan)):
            return found
        outcome = self.jobs.start(_order(release, plan))
        match outcome:
            case Started(execution, log_uri):
                return StartConfirmed(release.fencing_token, execution, log_uri)
            case Refused(reason, detail):
                return StartRefused(release.fencing_token, reason, detail)
            case Throttled():
                return StartThrottled(release.fencing_token, self.now() + self._pause(release.overloads))
            case Ambiguous():
                return outcome
            case _ as unreachable:
                assert_never(unreachable)

    def adopt(self, release: Release, plan: ReleasePlan) -> StartConfirmed | ExecutionNotFound:
        """Return the execution that bears the release, or that there is and will be none: ownership is sealed then.

        Starts nothing; raises CloudRunUnavailable, ResultsUnavailable.
        """
        return self._find_if_allowed(release, plan) or self._seal(release, plan)

    def stop(self, execution: str) -> None:
        """Ask Cloud Run to cancel the execution."""
        self.jobs.stop(execution)

    def _find_if_allowed(self, release: Release, plan: ReleasePlan) -> StartConfirmed | None:
        """Look; but who refused the start may refuse to be asked, and then the ownership decides."""
        try:
            return self._find(release, plan)
        except CloudRunUnavailable:
            if release.refusal is None:
                raise
            return None

    def _find(self, release: Release, plan: ReleasePlan) -> StartConfirmed | None:
        found = self.jobs.find(plan.job, identity_environment(release))
        return StartConfirmed(release.fencing_token, found.execution, found.log_uri) if found else None

    def _seal(self, release: Release, plan: ReleasePlan) -> StartConfirmed | ExecutionNotFound:
        ownership = self.open_ownership()
        owner = ownership.seal(release.release_id, release.attempt) if ownership else SEALED
        if owner == SEALED:
            return ExecutionNotFound(release.fencing_token)
        return StartConfirmed(release.fencing_token, f"{plan.job}/executions/{owner}", None)

    def _pause(self, overloads: int) -> timedelta:
        longest = min(_LONGEST_RETRY_SECONDS, _FIRST_RETRY_SECONDS * 2 ** min(overloads, 16))
        return timedelta(seconds=longest * (0.5 + self.jitter() / 2))


def _order(release: Release, plan: ReleasePlan) -> StartOrder:
    return StartOrder(
        job=plan.job,
        environment=execution_environment(release),
        task_count=release.request.get("task_count"),
        timeout_seconds=plan.timeout_seconds,
    )
