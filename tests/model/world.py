"""The whole of Interlock in memory: the real functions over stand-ins whose workers can be lost at every effect."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from typing import Any

from interlock.bootstrap import FullLedger
from interlock.domain.releases.context import StartLimits
from interlock.domain.requests.delivery import AuditLogDelivery, PubSubDelivery
from interlock.domain.requests.message import Message
from interlock.domain.requests.parser import RequestParser
from interlock.domain.requests.routes import parse_routes
from interlock.domain.requests.schema_validation import SchemaValidator
from interlock.entrypoints.alert_dead_letter import Alerter
from interlock.entrypoints.dispatch_release import Dispatcher
from interlock.entrypoints.http import Ack, Reply
from interlock.entrypoints.reconcile_releases import Reconciler
from interlock.entrypoints.report_status import Reporter
from interlock.ledger.interface import LedgerUnavailable
from interlock.ports import CloudRunUnavailable, PublishFailed
from interlock.results.interface import ResultsUnavailable
from interlock.schema_files import load_schema
from interlock.services.completion_service import CompletionService
from interlock.services.dead_letter_service import DeadLetterService
from interlock.services.job_launcher import JobLauncher
from interlock.services.outbox_relay import (
    DeadLetterSender,
    OutboxRelay,
    OutboxSender,
    ResumeSender,
    StatusEventSender,
)
from interlock.services.release_service import ReleaseService
from tests.fakes import Clock
from tests.model.cloud_run import Execution, ModelCloudRun
from tests.model.commit_rules import CommitRules
from tests.model.faults import Crash, Fuse
from tests.model.ledger import WatchedLedger
from tests.model.pubsub import COMPLETIONS, DEAD, REQUESTS, STATUS, Held, ModelPubSub
from tests.model.results import WatchedResults

JOB = "projects/acme/locations/europe-west1/jobs/release-agent"
SCRIPT = {"deployment_script": "gs://scripts/task.sh"}
ROUTES: list[dict[str, Any]] = [
    {"name": "fifo", "max_queue": 2},
    {"name": "long"},
    {"name": "three", "lane_mode": "parallel", "max_parallel": 3},
    {"name": "newest", "lane_mode": "newest", "max_queue": 2},
    {"name": "reject", "lane_mode": "reject", "rerun": "never"},
    {"name": "parallel", "lane_mode": "parallel", "max_parallel": 2, "rerun": "always"},
]
LIMITS = StartLimits(lease=timedelta(seconds=60), max_starts=2)
UNAVAILABLE = (Crash, LedgerUnavailable, PublishFailed, CloudRunUnavailable, ResultsUnavailable)


def _routes() -> Mapping[str, Any]:
    fixed = {"job": JOB, "defaults": SCRIPT}
    return {"routes": [{**route, **fixed, "match": {"target_env": route["name"]}} for route in ROUTES]}


@cache
def _parser() -> RequestParser:
    return RequestParser(SchemaValidator.of(load_schema("release-request.v1")), parse_routes(_routes()))


class Functions:
    """The four functions as one worker runs them, over its own client of the ledger."""

    def __init__(self, around: "Surroundings", ledger: FullLedger) -> None:
        self._around, self._ledger = around, ledger
        self._handle: Mapping[str, Callable[[Held], Reply]] = {
            REQUESTS: self._dispatch,
            COMPLETIONS: self._report,
            DEAD: self._alert,
        }
        status_events = StatusEventSender(publisher=around.pubsub, topic=STATUS)
        resumes = ResumeSender(publisher=around.pubsub, topic=REQUESTS)
        releases = self._releases()
        completions = CompletionService(
            releases=releases, results=around.results, relay=self._relay(status_events, resumes)
        )
        self._dispatcher = Dispatcher(
            parser=_parser(),
            releases=releases,
            launcher=JobLauncher(
                jobs=around.cloud_run, open_ownership=lambda: around.results, now=around.clock, jitter=lambda: 1.0
            ),
            status_events=status_events,
            relay=self._relay(status_events, DeadLetterSender(publisher=around.pubsub, topic=DEAD)),
            now=around.clock,
        )
        self._reporter = Reporter(completions)
        dead_letters = DeadLetterService(
            ledger=ledger, releases=releases, relay=self._relay(status_events), now=around.clock
        )
        self._alerter = Alerter(dead_letters=dead_letters, instance="model", runbooks="https://r", now=around.clock)
        self._reconciler = Reconciler(
            reader=ledger,
            executions=around.cloud_run,
            completions=completions,
            resumes=resumes,
            page_size=50,
            budget=timedelta(minutes=1),
            now=around.clock,
        )

    def _releases(self) -> ReleaseService:
        return ReleaseService(ledger=self._ledger, instance="model", now=self._around.clock, limits=LIMITS)

    def _relay(self, *senders: OutboxSender) -> OutboxRelay:
        return OutboxRelay(releases=self._releases(), senders=senders)

    def deliver(self, held: Held) -> None:
        """Push the message to its function; whatever goes wrong, it is kept and comes again."""
        held.tries += 1
        try:
            verdict = self._handle[held.topic](held)
        except UNAVAILABLE:
            return
        if isinstance(verdict, Ack):
            self._around.pubsub.acknowledge(held)

    def reconcile(self) -> None:
        try:
            self._reconciler.reconcile()
        except UNAVAILABLE:
            return
        except ExceptionGroup as faults:  # a rule that was broken while one release was looked at
            raise faults.exceptions[0] from None

    def _dispatch(self, held: Held) -> Reply:
        assert isinstance(held.content, Message)
        return self._dispatcher.handle(PubSubDelivery(held.content))

    def _alert(self, held: Held) -> Reply:
        assert isinstance(held.content, Message)
        return self._alerter.handle(PubSubDelivery(held.content))

    def _report(self, held: Held) -> Reply:
        assert isinstance(held.content, AuditLogDelivery)
        return self._reporter.handle(held.content)


class Surroundings:
    """What all workers share: messages, executions, results and time; and what was true all along."""

    def __init__(self, fuse: Fuse) -> None:
        self.clock, self.fuse = Clock(), fuse
        self.rules = CommitRules(self.clock, LIMITS)
        self.results = WatchedResults(self.fuse)
        self.pubsub = ModelPubSub(self.clock, self.fuse)
        self.cloud_run = ModelCloudRun(self.clock, self.fuse, self.results)
        self.requests: dict[str, Message] = {}
        self.truth: dict[tuple[str, int], str] = {}

    def publish(self, body: Mapping[str, Any]) -> Message:
        self.clock.forward(seconds=1)
        message = self.pubsub.post(REQUESTS, json.dumps(body).encode())
        self.requests[message.message_id] = message
        return message

    def cancel(self, release_id: str) -> None:
        self.pubsub.post(REQUESTS, json.dumps({"cancel": release_id}).encode())

    def end(self, execution: Execution, *, how: Any, entries: int = 1) -> None:
        """Let the execution end, with so many completion entries of it."""
        execution.end = execution.end or how
        if execution.runs_script:
            self.truth[execution.release_id, execution.attempt] = str(execution.end)
        for _ in range(entries):
            self.pubsub.held.append(Held(COMPLETIONS, self.cloud_run.entry(execution)))


class World(Surroundings):
    """One worker at a time, which can be lost at every effect."""

    def __init__(self) -> None:
        super().__init__(Fuse())
        self.ledger = WatchedLedger(self.fuse, self.rules.watch)
        functions = Functions(self, self.ledger)
        self.deliver, self.reconcile = functions.deliver, functions.reconcile
