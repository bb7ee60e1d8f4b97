"""dispatch_release: validates a request message, claims its lane, and starts the Cloud Run job exactly once."""

import os
import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import flask

from interlock.bootstrap import load_routes, open_ledger, open_publisher, open_results, utc_now
from interlock.config import DispatchSettings
from interlock.domain.releases.durations import queue_seconds
from interlock.domain.releases.effects import (
    Effect,
    FindExecution,
    IdConflict,
    NoEffect,
    Redeliver,
    Republish,
    Start,
    StopExecution,
)
from interlock.domain.releases.events import Cancel, Event, RequestReceived, Resume
from interlock.domain.releases.limits import StartLimits
from interlock.domain.requests.delivery import PubSubDelivery
from interlock.domain.requests.message import Message
from interlock.domain.requests.parser import Command, RequestParser, conflicting, rejected
from interlock.domain.requests.request import CancelRequest, ResumeRequest
from interlock.domain.requests.schema_validation import SchemaValidator
from interlock.domain.requests.violation import Violation
from interlock.entrypoints.http import Ack, Answer, Delivery, Nack, Reply, answer
from interlock.google.cloud_run_jobs import CloudRunJobs
from interlock.ledger.interface import Ledger
from interlock.ports import Ambiguous, JobStarter, Journal, Publisher
from interlock.schema_files import load_schema
from interlock.services.job_launcher import JobLauncher
from interlock.services.outbox_relay import OutboxRelay
from interlock.services.release_step import Applied, first_keys, step


@dataclass(frozen=True, slots=True)
class _Settle:
    """These resumes of the release have been seen to; take them out of its outbox."""

    resumes: tuple[str, ...]


_Task = tuple[str, Event | _Settle]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatcher:
    """Pursues one message until nothing of it is left to do here."""

    intake: RequestParser
    ledger: Ledger
    launcher: JobLauncher
    postman: OutboxRelay
    limits: StartLimits
    now: Callable[[], datetime]

    def handle(self, delivery: Delivery, journal: Journal) -> Reply:
        """Deal with one delivery; raises what the ports raise, so that the message comes back."""
        if not isinstance(delivery, PubSubDelivery):
            return Ack("not_a_request")
        asked = self.intake.read(delivery.message, now=self.now())
        pursuit = _Pursuit(self, delivery.message, journal)
        return pursuit.run(_first_task(asked))


def _first_task(asked: Command) -> _Task:
    match asked:
        case CancelRequest():
            return asked.release_id, Cancel(asked.requested_by, asked.reason)
        case ResumeRequest():
            return asked.release_id, Resume()
        case _:
            return asked.release_id, RequestReceived(asked)


class _Pursuit:
    """One message's work: steps in the ledger, their effects, and the steps that follow from these."""

    def __init__(self, dispatcher: Dispatcher, message: Message, journal: Journal) -> None:
        self._do = dispatcher
        self._message = message
        self._journal = journal
        self._verdict: Reply = Ack()

    def run(self, first: _Task) -> Reply:
        todo = deque([first])
        while todo:
            release_id, event = todo.popleft()
            if isinstance(event, _Settle):
                self._do.postman.settle(release_id, event.resumes)
            else:
                todo.extend(self._take(release_id, event))
        return self._verdict

    def _take(self, release_id: str, event: Event) -> Iterator[_Task]:
        decision = step(release_id, event, now=self._do.now(), limits=self._do.limits)
        stepped = self._do.ledger.transact(first_keys(release_id, event), decision)
        self._tell(release_id, event, stepped)
        for effect in stepped.effects:
            yield from self._carry_out(effect, event, stepped)
        for release in stepped.outgoing:
            if resumes := self._do.postman.deliver(release, self._message):
                yield from ((following, Resume()) for following in resumes)
                yield release.release_id, _Settle(resumes)

    def _carry_out(self, effect: Effect, event: Event, stepped: Applied) -> Iterator[_Task]:
        match effect, event:
            case Start(), _:
                yield from self._start(stepped, take_over=effect.take_over)
            case FindExecution(), _ if stepped.release is not None and stepped.release.plan is not None:
                yield stepped.release.release_id, self._do.launcher.adopt(stepped.release, stepped.release.plan)
            case StopExecution(execution), _:
                self._do.launcher.stop(execution)
            case Republish(), _ if stepped.release is not None:
                self._do.postman.retell(stepped.release)
            case Redeliver(reason), _:
                self._verdict = Nack(reason)
            case IdConflict(), RequestReceived(candidate):
                refused = conflicting(candidate)
                yield refused.release_id, RequestReceived(refused)
            case NoEffect("unknown_release"), Cancel():
                yield self._unknown()
            case _:
                pass

    def _start(self, stepped: Applied, *, take_over: bool) -> Iterator[_Task]:
        release = stepped.release
        if release is None or release.plan is None:
            return
        launched = self._do.launcher.launch(release, release.plan, take_over=take_over)
        if isinstance(launched, Ambiguous):
            self._journal.note(
                "start_ambiguous", severity="WARNING", release_id=release.release_id, detail=launched.detail
            )
            self._verdict = Nack("start_ambiguous")
        else:
            yield release.release_id, launched

    def _unknown(self) -> _Task:
        violation = Violation(
            "/cancel", "unknown_release", "the id of a release that Interlock has seen", "no such release"
        )
        refused = rejected(self._message, "unknown_release", (violation,), now=self._do.now())
        return refused.release_id, RequestReceived(refused)

    def _tell(self, release_id: str, event: Event, stepped: Applied) -> None:
        release = stepped.release
        self._journal.note(
            "release_step",
            release_id=release_id,
            step=type(event).__name__.lower(),
            state=release and release.state,
            reason=release and release.result.reason,
            attempt=release and release.attempt,
            fence=release and release.fence,
            lane=release and release.plan and release.plan.lane,
            execution=release and release.execution,
            effects=[str(effect) for effect in stepped.effects],
            queue_seconds=queue_seconds(event, release, stepped.effects),
        )


def build(settings: DispatchSettings, *, ledger: Ledger, jobs: JobStarter, publisher: Publisher) -> Dispatcher:
    """Put the function together from its settings and its ports."""
    return Dispatcher(
        intake=RequestParser(SchemaValidator.of(load_schema("release-request.v1")), load_routes(settings.routes)),
        ledger=ledger,
        launcher=JobLauncher(
            jobs=jobs, fence=lambda: open_results(settings.results), now=utc_now, jitter=random.random
        ),
        postman=OutboxRelay(
            ledger=ledger,
            publisher=publisher,
            instance=settings.instance,
            status_topic=settings.status_topic,
            dead_letters_topic=settings.dead_letters_topic,
        ),
        limits=StartLimits(lease=timedelta(seconds=settings.lease_seconds), max_starts=settings.max_starts),
        now=utc_now,
    )


@cache
def get_app() -> Dispatcher:
    """Return the function over its real ports, which connect when they are first used."""
    settings = DispatchSettings.read(os.environ)
    return build(
        settings,
        ledger=open_ledger(settings.ledger),
        jobs=CloudRunJobs(settings.run_endpoint, start_timeout_seconds=settings.start_timeout_seconds),
        publisher=open_publisher(settings.pubsub_endpoint),
    )


def dispatch_release(request: flask.Request) -> Answer:
    """Answer one push of the release-requests topic."""
    return answer(request, "dispatch_release", get_app().handle)
