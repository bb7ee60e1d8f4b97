"""Closes a release whose execution ended, with what the agent left behind, and tells everyone."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from interlock.domain.agent_result import with_agent_results
from interlock.domain.fence import SEALED
from interlock.domain.release import Result, State
from interlock.domain.step import Stepped, first_keys, step
from interlock.domain.timing import run_seconds
from interlock.domain.transition import Complete, Limits, Seal
from interlock.outbox import Postman
from interlock.ports import Journal, Ledger, Results

# A completion never makes a claim, so the machine's patience does not matter here.
_LIMITS = Limits(lease=timedelta(seconds=60), max_starts=1)


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
class Closer:
    """Takes ended executions into the ledger; shared by report_status and reconcile_releases."""

    ledger: Ledger
    results: Results | None
    postman: Postman
    now: Callable[[], datetime]

    def close(self, ended: Ended, journal: Journal) -> Stepped:
        """Record the end and deliver the news; a stray or doubled end changes nothing and is named in the log."""
        owner = self.results.owner(ended.release_id, ended.attempt) if self.results else None
        event = _completion(ended, self._told_by_agent(ended), owner)
        stepped = self._step(ended, event)
        if Seal() in stepped.effects:
            stepped = self._step(ended, replace(event, owner=self._seal(ended)))
        _note(journal, ended, stepped, took_seconds=run_seconds(event, stepped))
        for release in stepped.outgoing:
            self.postman.deliver(release)
        return stepped

    def _step(self, ended: Ended, event: Complete) -> Stepped:
        decision = step(ended.release_id, event, now=self.now(), limits=_LIMITS)
        return self.ledger.transact(first_keys(ended.release_id, event), decision)

    def _seal(self, ended: Ended) -> str:
        return self.results.seal(ended.release_id, ended.attempt) if self.results else SEALED

    def _told_by_agent(self, ended: Ended) -> Result:
        tasks = self.results.results(ended.release_id, ended.attempt) if self.results else ()
        return with_agent_results(ended.result, tasks)


def _completion(ended: Ended, result: Result, owner: str | None) -> Complete:
    return Complete(
        execution=ended.execution,
        attempt=ended.attempt,
        fence=ended.fence,
        state=ended.state,
        result=result,
        owner=owner,
        log_uri=ended.log_uri,
    )


def _note(journal: Journal, ended: Ended, stepped: Stepped, *, took_seconds: float | None) -> None:
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
