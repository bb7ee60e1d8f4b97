"""Closes a release whose execution ended, with what the agent left behind, and publishes it."""

import logging
from dataclasses import dataclass, replace

from interlock.domain.executions.agent_results import with_agent_results
from interlock.domain.releases.durations import run_seconds
from interlock.domain.releases.effects import SealOwnership
from interlock.domain.releases.events import ExecutionEnded
from interlock.domain.releases.ownership import SEALED
from interlock.results.interface import Results
from interlock.services.outbox_relay import OutboxRelay
from interlock.services.release_service import ReleaseService
from interlock.services.release_transaction import Applied
from interlock.structured_log import log_event


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionService:
    """Takes ended executions into the ledger; shared by report_status and reconcile_releases."""

    releases: ReleaseService
    results: Results | None
    relay: OutboxRelay

    def close(self, ended: ExecutionEnded) -> Applied:
        """Record the end and publish it; a stray or doubled end changes nothing and is named in the log.

        Raises LedgerUnavailable, ResultsUnavailable, PublishFailed.
        """
        ended = self._with_what_agents_left(ended)
        applied = self.releases.apply(ended.release_id, ended)
        if SealOwnership() in applied.effects:
            ended = replace(ended, owner=self._seal(ended))
            applied = self.releases.apply(ended.release_id, ended)
        _log(ended, applied)
        for release in applied.unpublished:
            self.relay.publish(release)
        return applied

    def _with_what_agents_left(self, ended: ExecutionEnded) -> ExecutionEnded:
        if self.results is None:
            return ended
        owner = self.results.owner(ended.release_id, ended.attempt)
        tasks = self.results.results(ended.release_id, ended.attempt)
        return replace(ended, owner=owner, result=with_agent_results(ended.result, tasks))

    def _seal(self, ended: ExecutionEnded) -> str:
        return self.results.seal(ended.release_id, ended.attempt) if self.results else SEALED


def _log(ended: ExecutionEnded, applied: Applied) -> None:
    release = applied.release
    log_event(
        "execution_ended",
        logging.INFO,
        release_id=ended.release_id,
        attempt=ended.attempt,
        execution=ended.execution,
        outcome=ended.state,
        state=release and release.state,
        reason=release and release.result.reason,
        effects=[str(effect) for effect in applied.effects],
        run_seconds=run_seconds(release) if release and applied.is_announced else None,
    )
