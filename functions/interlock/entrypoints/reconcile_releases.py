"""reconcile_releases: looks at what is due in the ledger and puts back in motion what the platform lost.

Running releases are looked up in Cloud Run; everything else due is sent a `resume`, which dispatch_release decides on.
"""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache

import flask

from interlock.bootstrap import FullLedger, open_closer, open_ledger, open_publisher, utc_now
from interlock.config import ReconcileSettings
from interlock.domain.executions.completion import Counts, execution_outcome
from interlock.domain.json_access import whole_number
from interlock.domain.releases.model import Release, Result, State
from interlock.entrypoints.http import Answer
from interlock.google.cloud_run_jobs import CloudRunJobs
from interlock.ledger.interface import Commit, LedgerReader, LedgerUnavailable, Snapshot
from interlock.ports import CloudRunUnavailable, ExecutionReader, ExecutionStatus, Journal, Publisher, PublishFailed
from interlock.results.interface import ResultsUnavailable
from interlock.services.completion_service import CompletionService, Ended
from interlock.services.release_step import release_key
from interlock.structured_log import JsonJournal

LOST_AFTER = timedelta(minutes=10)
"""How long an execution that Cloud Run does not know may still turn up before its release is `execution_lost`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciler:
    """One pass over what is due, the longest due first, page by page until nothing is left or the time is up.

    What is looked at falls due again later, so the ledger's own order is the cursor: the next run goes on where this
    one stopped. Each release is taken in a transaction first, so of two runs at once one looks at it.
    """

    reader: LedgerReader
    executions: ExecutionReader
    closer: CompletionService
    page_size: int
    budget: timedelta
    now: Callable[[], datetime]

    def reconcile(self, journal: Journal) -> int:
        """Look at what is due; return how many releases this run took."""
        begun = self.now()
        taken = 0
        while self.now() - begun < self.budget:
            page = self.reader.due(begun, self.page_size)
            taken += self._look_through(page, journal, until=begun + self.budget)
            if len(page) < self.page_size:
                break
        return taken

    def _look_through(self, page: Sequence[Release], journal: Journal, *, until: datetime) -> int:
        taken = [one for release in page if self.now() < until and (one := self._take(release))]
        resumed = [release.release_id for release in taken if self._look_at(release, journal)]
        self.closer.postman.resume(resumed)
        return len(taken)

    def _take(self, release: Release) -> Release | None:
        """Note that the release is looked at now; None where another run took it, or it moved on meanwhile."""
        key = release_key(release.release_id)
        taken = replace(release, checked_at=self.now())

        def take(snapshot: Snapshot) -> Commit[Release | None]:
            return Commit({key: taken}, taken) if snapshot[key] == release else Commit({}, None)

        return self.closer.ledger.transact((key,), take)

    def _look_at(self, release: Release, journal: Journal) -> bool:
        """Deal with the release here where reconcile can; return whether dispatch_release must look at it."""
        journal.note(
            "release_due",
            release_id=release.release_id,
            state=release.state,
            attempt=release.attempt,
            lane=release.plan and release.plan.lane,
        )
        if release.state is State.STARTED and release.execution is not None:
            try:
                self._look_up(release, release.execution, journal)
            except (CloudRunUnavailable, ResultsUnavailable) as error:  # one must not hide the others
                journal.note("look_up_failed", severity="WARNING", release_id=release.release_id, error=str(error))
        return release.state is not State.STARTED or bool(release.cancellation) or not release.outbox.is_empty

    def _look_up(self, release: Release, execution: str, journal: Journal) -> None:
        status = self.executions.status(execution)
        result = _lost(release, self.now()) if status is None else _ended(status)
        if result is not None:
            self.closer.close(_as_ended(release, execution, status, result), journal)


_End = tuple[State, Result]


def _lost(release: Release, now: datetime) -> _End | None:
    if now - release.updated_at < LOST_AFTER:
        return None
    return State.ERRORED, Result(reason="execution_lost", detail="Cloud Run does not know the execution")


def _ended(status: ExecutionStatus) -> _End | None:
    counts = Counts(**{name: status.counts.get(name, 0) for name in ("succeeded", "failed", "cancelled", "retried")})
    verdict = execution_outcome(
        status.completed, status.reason, message=status.message, counts=counts, task_count=status.task_count
    )
    if verdict is None:
        return None
    return State(verdict.outcome), Result(reason=verdict.reason, detail=verdict.detail, exit_code=verdict.exit_code)


def _as_ended(release: Release, execution: str, status: ExecutionStatus | None, end: _End) -> Ended:
    state, result = end
    environment = status.environment if status else {}
    return Ended(
        release_id=release.release_id,
        attempt=release.attempt,
        fence=whole_number(environment.get("INTERLOCK_FENCE")),
        execution=execution,
        state=state,
        result=result,
        log_uri=status.log_uri if status else None,
    )


def build(
    settings: ReconcileSettings, *, ledger: FullLedger, executions: ExecutionReader, publisher: Publisher
) -> Reconciler:
    """Put the function together from its settings and its ports."""
    return Reconciler(
        reader=ledger,
        executions=executions,
        closer=open_closer(settings, ledger, publisher),
        page_size=settings.page_size,
        budget=timedelta(seconds=settings.budget_seconds),
        now=utc_now,
    )


@cache
def get_app() -> Reconciler:
    """Return the function over its real ports, which connect when they are first used."""
    settings = ReconcileSettings.read(os.environ)
    return build(
        settings,
        ledger=open_ledger(settings.ledger),
        executions=CloudRunJobs(settings.run_endpoint),
        publisher=open_publisher(settings.pubsub_endpoint),
    )


def reconcile_releases(_request: flask.Request) -> Answer:
    """Answer one tick of the Scheduler with how many releases were due."""
    journal = JsonJournal(function="reconcile_releases")
    try:
        count = get_app().reconcile(journal)
    except (LedgerUnavailable, PublishFailed) as error:
        journal.note("reconcile_failed", severity="WARNING", error=str(error), kind=type(error).__name__)
        return "unavailable\n", 503
    return json.dumps({"due": count}) + "\n", 200
