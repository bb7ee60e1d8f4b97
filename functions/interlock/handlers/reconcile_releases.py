"""reconcile_releases: looks at what is due in the ledger and puts back in motion what the platform lost.

Running releases are looked up in Cloud Run; everything else due is sent a `resume`, which dispatch_release decides on.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache

import flask

from interlock.adapters.cloud_run_jobs import CloudRunJobs
from interlock.adapters.json_journal import JsonJournal
from interlock.closer import Closer, Ended
from interlock.config import ReconcileSettings
from interlock.domain.completion import Counts, execution_outcome
from interlock.domain.foreign_json import whole_number
from interlock.domain.release import Release, Result, State
from interlock.domain.step import release_key
from interlock.domain.transaction import Commit, Snapshot
from interlock.edge import Answer
from interlock.outbox import Postman
from interlock.ports import (
    CloudRunUnavailable,
    ExecutionReader,
    ExecutionStatus,
    Journal,
    LedgerReader,
    LedgerUnavailable,
    Outgoing,
    PublishFailed,
    ResultsUnavailable,
)
from interlock.wiring import open_ledger, open_publisher, open_results, utc_now

LOST_AFTER = timedelta(minutes=10)
"""How long an execution that Cloud Run does not know may still turn up before its release is `execution_lost`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciler:
    """One pass over what is due; safe to run twice at once, since every change is a ledger transaction."""

    reader: LedgerReader
    executions: ExecutionReader
    closer: Closer
    page_size: int
    now: Callable[[], datetime]

    def reconcile(self, journal: Journal) -> int:
        """Look at one page of due releases, oldest first; return how many."""
        due = self.reader.due(self.now(), self.page_size)
        for release in due:
            self._look_at(release, journal)
        return len(due)

    def _look_at(self, release: Release, journal: Journal) -> None:
        if release.state is State.STARTED and release.execution is not None:
            try:
                self._look_up(release, release.execution, journal)
            except (CloudRunUnavailable, ResultsUnavailable) as error:  # one must not hide the others
                journal.note("look_up_failed", severity="WARNING", release_id=release.release_id, error=str(error))
        if release.state is not State.STARTED or release.cancellation or not release.outbox.is_empty:
            self._resume(release.release_id)
        self._note_checked(release)
        journal.note("release_due", release_id=release.release_id, state=release.state, attempt=release.attempt)

    def _look_up(self, release: Release, execution: str, journal: Journal) -> None:
        status = self.executions.status(execution)
        result = _lost(release, self.now()) if status is None else _ended(status)
        if result is not None:
            self.closer.close(_as_ended(release, execution, status, result), journal)

    def _resume(self, release_id: str) -> None:
        postman = self.closer.postman
        if postman.requests_topic is not None:
            body = json.dumps({"resume": release_id}).encode()
            postman.publisher.publish(postman.requests_topic, [Outgoing(data=body, attributes={})])

    def _note_checked(self, release: Release) -> None:
        key = release_key(release.release_id)

        def checked(snapshot: Snapshot) -> Commit[None]:
            found = snapshot[key]
            return Commit({key: replace(found, checked_at=self.now())} if isinstance(found, Release) else {}, None)

        self.closer.ledger.transact((key,), checked)


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


@cache
def _reconciler() -> Reconciler:
    settings = ReconcileSettings.read(os.environ)
    ledger = open_ledger(settings.ledger)
    postman = Postman(
        ledger=ledger,
        publisher=open_publisher(settings.pubsub_endpoint),
        instance=settings.instance,
        status_topic=settings.status_topic,
        requests_topic=settings.requests_topic,
    )
    return Reconciler(
        reader=ledger,
        executions=CloudRunJobs(settings.run_endpoint),
        closer=Closer(ledger=ledger, results=open_results(settings.results), postman=postman, now=utc_now),
        page_size=settings.page_size,
        now=utc_now,
    )


def reconcile_releases(_request: flask.Request) -> Answer:
    """Answer one tick of the Scheduler with how many releases were due."""
    journal = JsonJournal({"function": "reconcile_releases"})
    try:
        count = _reconciler().reconcile(journal)
    except (LedgerUnavailable, PublishFailed) as error:
        journal.note("reconcile_failed", severity="WARNING", error=str(error), kind=type(error).__name__)
        return "unavailable\n", 503
    return json.dumps({"due": count}) + "\n", 200
