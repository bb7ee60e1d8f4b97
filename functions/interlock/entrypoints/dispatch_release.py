"""dispatch_release: validates a request message, claims its lane, and starts the Cloud Run job exactly once."""

import logging
import os
import random
import re
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import assert_never

import flask

from interlock.bootstrap import load_routes, open_ledger, open_publisher, open_results, utc_now
from interlock.cloud_events import open_message
from interlock.config import DispatchSettings
from interlock.domain.releases.candidate import candidate, conflicting
from interlock.domain.releases.context import StartLimits
from interlock.domain.releases.durations import queue_seconds
from interlock.domain.releases.effects import (
    Effect,
    FindExecution,
    IdConflict,
    NoEffect,
    Redeliver,
    Republish,
    SealOwnership,
    StartExecution,
    StopExecution,
    SupersedeQueued,
)
from interlock.domain.releases.events import Cancel, Event, RequestReceived, Resume, StartConfirmed
from interlock.domain.releases.model import Outbox, Release
from interlock.domain.requests.delivery import PubSubDelivery
from interlock.domain.requests.message import Message
from interlock.domain.requests.parser import AcceptedRequest, ParsedRequest, RejectedRequest, RequestParser, rejected
from interlock.domain.requests.request import CancelRequest, ResumeRequest
from interlock.domain.requests.schema_validation import SchemaValidator
from interlock.domain.requests.violation import Violation
from interlock.entrypoints.http import Ack, Answer, Delivery, Nack, Reply, answer
from interlock.google.cloud_run_jobs import CloudRunJobs
from interlock.ledger.interface import Ledger
from interlock.ports import Ambiguous, JobStarter, Publisher
from interlock.schema_files import load_schema
from interlock.services.job_launcher import JobLauncher
from interlock.services.outbox_relay import DeadLetterSender, OutboxRelay, StatusEventSender
from interlock.services.release_service import ReleaseService
from interlock.services.release_transaction import Applied
from interlock.structured_log import log_event

_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatcher:
    """Deals with one message until nothing of it is left to do here."""

    parser: RequestParser
    releases: ReleaseService
    launcher: JobLauncher
    status_events: StatusEventSender
    relay: OutboxRelay
    now: Callable[[], datetime]

    def handle(self, delivery: Delivery) -> Reply:
        """Deal with one delivery; raises what the ports raise, so that the message comes back."""
        if not isinstance(delivery, PubSubDelivery):
            return Ack("not_a_request")
        parsed = self.parser.parse(delivery.message, open_message(delivery.message))
        event = _event_of(parsed, self.now())
        return _MessageRun(self, delivery.message).run(parsed.release_id, event)


def _event_of(parsed: ParsedRequest, now: datetime) -> Event:
    match parsed:
        case CancelRequest():
            return Cancel(parsed.requested_by, parsed.reason)
        case ResumeRequest():
            return Resume()
        case AcceptedRequest() | RejectedRequest():
            return RequestReceived(candidate(parsed, now=now))


class _MessageRun:
    """The work of one message: its own release first, then whoever may start because of it."""

    def __init__(self, dispatcher: Dispatcher, message: Message) -> None:
        self._do = dispatcher
        self._message = message
        self._woken: deque[tuple[str, tuple[str, ...]]] = deque()

    def run(self, release_id: str, event: Event) -> Reply:
        reply = self._advance(release_id, event)
        while self._woken:
            waker, release_ids = self._woken.popleft()
            for woken in release_ids:
                reply = _worse(reply, self._advance(woken, Resume()))
            self._do.releases.mark_sent(waker, Outbox(resumes=release_ids))
        return reply

    def _advance(self, release_id: str, event: Event) -> Reply:
        """Apply the event, do what it asks for, publish what it announced, and go on with what came of it."""
        applied = self._do.releases.apply(release_id, event)
        _log(release_id, event, applied)
        follow_up = self._carry_out(event, applied)
        self._publish(applied.unpublished)
        match follow_up:
            case Ack() | Nack():
                return follow_up
            case following_id, following:
                return self._advance(following_id, following)

    def _carry_out(self, event: Event, applied: Applied) -> Reply | tuple[str, Event]:
        """Do what each effect asks for; return what happened next to the release, or how the message is answered."""
        follow_up: Reply | tuple[str, Event] = Ack()
        for effect in applied.effects:
            done = self._do_one(effect, event, applied.release)
            follow_up = follow_up if done is None else done
        return follow_up

    def _do_one(self, effect: Effect, event: Event, release: Release | None) -> Nack | tuple[str, Event] | None:
        match effect:
            case StartExecution():
                return self._start(release, take_over=effect.take_over)
            case FindExecution():
                return self._adopt(release)
            case StopExecution(execution):
                self._do.launcher.stop(execution)
            case Republish():
                self._republish(release)
            case Redeliver(reason):
                return Nack(reason)
            case IdConflict():
                return self._reject_conflict(event)
            case NoEffect(reason):
                return self._reject_unknown() if reason == "unknown_release" and isinstance(event, Cancel) else None
            case SealOwnership() | SupersedeQueued():
                pass
            case _ as unreachable:
                assert_never(unreachable)
        return None

    def _start(self, release: Release | None, *, take_over: bool) -> Nack | tuple[str, Event] | None:
        if release is None or release.plan is None:
            return None
        launched = self._do.launcher.launch(release, release.plan, take_over=take_over)
        if not isinstance(launched, Ambiguous):
            return release.release_id, launched
        log_event("start_ambiguous", logging.WARNING, release_id=release.release_id, detail=launched.detail)
        return Nack("start_ambiguous")

    def _adopt(self, release: Release | None) -> tuple[str, Event] | None:
        if release is None or release.plan is None:
            return None
        return release.release_id, self._do.launcher.adopt(release, release.plan)

    def _republish(self, release: Release | None) -> None:
        if release is not None and release.last_event is not None:
            self._do.status_events.publish((release.last_event,))

    def _reject_conflict(self, event: Event) -> tuple[str, Event] | None:
        if not isinstance(event, RequestReceived):
            return None
        refused = conflicting(event.candidate)
        return refused.release_id, RequestReceived(refused)

    def _reject_unknown(self) -> tuple[str, Event]:
        expected = "the id of a release that Interlock has seen"
        violation = Violation("/cancel", "unknown_release", expected, "no such release")
        refused = candidate(rejected(self._message, "unknown_release", (violation,)), now=self._do.now())
        return refused.release_id, RequestReceived(refused)

    def _publish(self, releases: Iterable[Release]) -> None:
        for release in releases:
            self._do.relay.publish(release, self._message)
            if release.outbox.resumes:
                self._woken.append((release.release_id, release.outbox.resumes))


def _worse(one: Reply, other: Reply) -> Reply:
    return one if isinstance(one, Nack) else other


def _log(release_id: str, event: Event, applied: Applied) -> None:
    release = applied.release
    is_started = isinstance(event, StartConfirmed) and applied.is_announced
    log_event(
        "release_step",
        logging.INFO,
        release_id=release_id,
        step=_CAPITAL.sub("_", type(event).__name__).lower(),
        state=release and release.state,
        reason=release and release.result.reason,
        attempt=release and release.attempt,
        fence=release and release.fencing_token,
        lane=release and release.plan and release.plan.lane,
        execution=release and release.execution,
        effects=[str(effect) for effect in applied.effects],
        queue_seconds=queue_seconds(release) if release and is_started else None,
    )


def build(settings: DispatchSettings, *, ledger: Ledger, jobs: JobStarter, publisher: Publisher) -> Dispatcher:
    """Put the function together from its settings and its ports."""
    releases = ReleaseService(
        ledger=ledger,
        instance=settings.instance,
        now=utc_now,
        limits=StartLimits(lease=timedelta(seconds=settings.lease_seconds), max_starts=settings.max_starts),
    )
    status_events = StatusEventSender(publisher=publisher, topic=settings.status_topic)
    dead_letters = DeadLetterSender(publisher=publisher, topic=settings.dead_letters_topic)
    return Dispatcher(
        parser=RequestParser(SchemaValidator.of(load_schema("release-request.v1")), load_routes(settings.routes)),
        releases=releases,
        launcher=JobLauncher(
            jobs=jobs, open_ownership=lambda: open_results(settings.results), now=utc_now, jitter=random.random
        ),
        status_events=status_events,
        relay=OutboxRelay(releases=releases, senders=(status_events, dead_letters)),
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
