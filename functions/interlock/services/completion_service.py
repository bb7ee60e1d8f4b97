"""Closes a release whose execution ended, with what the agent left behind, and tells everyone."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from interlock.domain.executions.agent_results import with_agent_results
from interlock.domain.releases.durations import run_seconds
from interlock.domain.releases.effects import SealOwnership
from interlock.domain.releases.events import ExecutionEnded
from interlock.domain.releases.limits import StartLimits
from interlock.domain.releases.model import Result, State
from interlock.domain.releases.ownership import SEALED
from interlock.ledger.interface import Ledger
from interlock.ports import Journal
from interlock.results.interface import Results
from interlock.services.outbox_relay import OutboxRelay
from interlock.services.release_step import Applied, first_keys, step

# A completion never makes a claim, so the machine's patience does not matter here.
_LIMITS = StartLimits(lease=timedelta(seconds=60), max_starts=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """An execution that ended, as the audit log or the API tells it; `attempt` and `fence` from its environment."""

    release_id: str
    attempt: int
    fence: int | None
    execution: str
    state: State
    result: Result
    log_uri: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionService:
    """Takes ended executions into the ledger; shared by report_status and reconcile_releases."""

    ledger: Ledger
    results: Results | None
    postman: OutboxRelay
    now: Callable[[], datetime]

    def close(self, ended: Ended, journal: Journal) -> Applied:
        """Record the end and deliver the news; a stray or doubled end changes nothing and is named in the log."""
        owner = self.results.owner(ended.release_id, ended.attempt) if self.results else None
        event = _completion(ended, self._told_by_agent(ended), owner)
        stepped = self._step(ended, event)
        if SealOwnership() in stepped.effects:
            stepped = self._step(ended, replace(event, owner=self._seal(ended)))
        _note(journal, ended, stepped, took_seconds=run_seconds(event, stepped.release, stepped.effects))
        for release in stepped.outgoing:
            self.postman.deliver(release)
        return stepped

    def _step(self, ended: Ended, event: ExecutionEnded) -> Applied:
        decision = step(ended.release_id, event, now=self.now(), limits=_LIMITS)
        return self.ledger.transact(first_keys(ended.release_id, event), decision)

    def _seal(self, ended: Ended) -> str:
        return self.results.seal(ended.release_id, ended.attempt) if self.results else SEALED

    def _told_by_agent(self, ended: Ended) -> Result:
        tasks = self.results.results(ended.release_id, ended.attempt) if self.results else ()
        return with_agent_results(ended.result, tasks)


def _completion(ended: Ended, result: Result, owner: str | None) -> ExecutionEnded:
    return ExecutionEnded(
        execution=ended.execution,
        attempt=ended.attempt,
        fence=ended.fence,
        state=ended.state,
        result=result,
        owner=owner,
        log_uri=ended.log_uri,
    )


def _note(journal: Journal, ended: Ended, stepped: Applied, *, took_seconds: float | None) -> None:
    release = stepped.release
    journal.note(
        "execution_ended",
        release_id=ended.release_id,
        attempt=ended.attempt,
        execution=ended.execution,
        outcome=ended.state,
        state=release and release.state,
        reason=release and release.result.reason,
        effects=[str(effect) for effect in stepped.effects],
        run_seconds=took_seconds,
    )
