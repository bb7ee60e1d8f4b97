"""reconcile_releases: looks at what is due in the ledger and puts back in motion what the platform lost.

Running releases are looked up in Cloud Run; everything else due is sent a `resume`, which dispatch_release decides on.
"""

import json
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import flask

from interlock.bootstrap import FullLedger, open_completion_service, open_ledger, open_publisher, utc_now
from interlock.config import ReconcileSettings
from interlock.domain.executions.execution_status import ended, lost
from interlock.domain.releases.events import ExecutionEnded
from interlock.domain.releases.model import Release, State
from interlock.entrypoints.http import Answer
from interlock.google.cloud_run_jobs import CloudRunJobs
from interlock.ledger.interface import LedgerReader, LedgerUnavailable
from interlock.ports import CloudRunUnavailable, ExecutionReader, Publisher, PublishFailed
from interlock.results.interface import ResultsUnavailable
from interlock.services.completion_service import CompletionService
from interlock.services.outbox_relay import ResumeSender
from interlock.structured_log import bound, log_event
from interlock.trace_context import log_fields

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
    completions: CompletionService
    resumes: ResumeSender
    page_size: int
    budget: timedelta
    now: Callable[[], datetime]

    def reconcile(self) -> int:
        """Look at what is due; return how many releases this run took.

        A release that cannot be looked at never hides another: what went wrong unforeseen is raised at the end.
        """
        begun = self.now()
        taken, faults = 0, list[Exception]()
        while self.now() - begun < self.budget:
            page = self.reader.due(begun, self.page_size)
            taken += self._look_through(page, faults, until=begun + self.budget)
            if len(page) < self.page_size:
                break
        if faults:
            raise ExceptionGroup("releases that could not be looked at", faults)
        return taken

    def _look_through(self, page: Sequence[Release], faults: list[Exception], *, until: datetime) -> int:
        take = self.completions.releases.take_for_check
        taken = [one for release in page if self.now() < until and (one := take(release))]
        self.resumes.ask([release.release_id for release in taken if self._look_at(release, faults)])
        return len(taken)

    def _look_at(self, release: Release, faults: list[Exception]) -> bool:
        """Deal with the release here where reconcile can; return whether dispatch_release must look at it."""
        log_event(
            "release_due",
            logging.INFO,
            release_id=release.release_id,
            state=release.state,
            attempt=release.attempt,
            lane=release.plan and release.plan.lane,
        )
        if release.state is State.STARTED and release.execution is not None:
            self._look_up(release, release.execution, faults)
        return release.state is not State.STARTED or bool(release.cancellation) or not release.outbox.is_empty

    def _look_up(self, release: Release, execution: str, faults: list[Exception]) -> None:
        try:
            if end := self._end_of(release, execution):
                self.completions.close(end)
        except (LedgerUnavailable, PublishFailed):
            raise  # nothing else can be done without them
        except (CloudRunUnavailable, ResultsUnavailable) as error:
            log_event("look_up_failed", logging.WARNING, release_id=release.release_id, error=str(error))
        except Exception as error:  # noqa: BLE001 - kept and raised when every other release has been looked at
            log_event("look_up_failed", logging.ERROR, release_id=release.release_id, error=str(error))
            faults.append(error)

    def _end_of(self, release: Release, execution: str) -> ExecutionEnded | None:
        status = self.executions.status(execution)
        if status is not None:
            return ended(release, execution, status)
        is_lost = self.now() - release.updated_at >= LOST_AFTER
        return lost(release, execution) if is_lost else None


def build(
    settings: ReconcileSettings, *, ledger: FullLedger, executions: ExecutionReader, publisher: Publisher
) -> Reconciler:
    """Put the function together from its settings and its ports."""
    return Reconciler(
        reader=ledger,
        executions=executions,
        completions=open_completion_service(settings, ledger, publisher),
        resumes=ResumeSender(publisher=publisher, topic=settings.requests_topic),
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


def reconcile_releases(request: flask.Request) -> Answer:
    """Answer one tick of the Scheduler with how many releases were due."""
    with bound(function="reconcile_releases", **log_fields(dict(request.headers))):
        return _tick(get_app())


def _tick(reconciler: Reconciler) -> Answer:
    try:
        count = reconciler.reconcile()
    except (LedgerUnavailable, PublishFailed) as error:
        log_event("reconcile_failed", logging.WARNING, error=str(error), kind=type(error).__name__)
        return "unavailable\n", 503
    except Exception as error:
        log_event("reconcile_failed", logging.ERROR, error=str(error), kind=type(error).__name__)
        raise
    return json.dumps({"due": count}) + "\n", 200
