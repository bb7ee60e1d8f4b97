"""dispatch_release: validates a request message, claims its lane, and starts the Cloud Run job exactly once."""

import os
import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import flask

from interlock.adapters.cloud_run_jobs import CloudRunJobs
from interlock.adapters.schema_files import load_schema
from interlock.config import DispatchSettings
from interlock.domain.contract import Contract
from interlock.domain.delivery import PubSubDelivery
from interlock.domain.intake import Asked, Intake, conflicting, rejected
from interlock.domain.message import Message
from interlock.domain.request import CancelRequest, ResumeRequest
from interlock.domain.step import Stepped, first_keys, step
from interlock.domain.timing import queue_seconds
from interlock.domain.transition import (
    Cancel,
    Conflict,
    Effect,
    Event,
    Ignored,
    Limits,
    LookFor,
    Resume,
    Retell,
    Start,
    StopExecution,
    Submit,
    TryLater,
)
from interlock.domain.violation import Violation
from interlock.edge import Answer, Delivery, Done, TryAgain, Verdict, answer
from interlock.launcher import Launcher
from interlock.outbox import Postman
from interlock.ports import Ambiguous, JobStarter, Journal, Ledger, Publisher
from interlock.wiring import load_routes, open_ledger, open_publisher, open_results, utc_now


@dataclass(frozen=True, slots=True)
class _Settle:
    """These resumes of the release have been seen to; take them out of its outbox."""

    resumes: tuple[str, ...]


_Task = tuple[str, Event | _Settle]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatcher:
    """Pursues one message until nothing of it is left to do here."""

    intake: Intake
    ledger: Ledger
    launcher: Launcher
    postman: Postman
    limits: Limits
    now: Callable[[], datetime]

    def handle(self, delivery: Delivery, journal: Journal) -> Verdict:
        """Deal with one delivery; raises what the ports raise, so that the message comes back."""
        if not isinstance(delivery, PubSubDelivery):
            return Done("not_a_request")
        asked = self.intake.read(delivery.message, now=self.now())
        pursuit = _Pursuit(self, delivery.message, journal)
        return pursuit.run(_first_task(asked))


def _first_task(asked: Asked) -> _Task:
    match asked:
        case CancelRequest():
            return asked.release_id, Cancel(asked.requested_by, asked.reason)
        case ResumeRequest():
            return asked.release_id, Resume()
        case _:
            return asked.release_id, Submit(asked)


class _Pursuit:
    """One message's work: steps in the ledger, their effects, and the steps that follow from these."""

    def __init__(self, dispatcher: Dispatcher, message: Message, journal: Journal) -> None:
        self._do = dispatcher
        self._message = message
        self._journal = journal
        self._verdict: Verdict = Done()

    def run(self, first: _Task) -> Verdict:
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

    def _carry_out(self, effect: Effect, event: Event, stepped: Stepped) -> Iterator[_Task]:
        match effect, event:
            case Start(), _:
                yield from self._start(stepped, take_over=effect.take_over)
            case LookFor(), _ if stepped.release is not None and stepped.release.plan is not None:
                yield stepped.release.release_id, self._do.launcher.adopt(stepped.release, stepped.release.plan)
            case StopExecution(execution), _:
                self._do.launcher.stop(execution)
            case Retell(), _ if stepped.release is not None:
                self._do.postman.retell(stepped.release)
            case TryLater(reason), _:
                self._verdict = TryAgain(reason)
            case Conflict(), Submit(candidate):
                refused = conflicting(candidate)
                yield refused.release_id, Submit(refused)
            case Ignored("unknown_release"), Cancel():
                yield self._unknown()
            case _:
                pass

    def _start(self, stepped: Stepped, *, take_over: bool) -> Iterator[_Task]:
        release = stepped.release
        if release is None or release.plan is None:
            return
        launched = self._do.launcher.launch(release, release.plan, take_over=take_over)
        if isinstance(launched, Ambiguous):
            self._journal.note(
                "start_ambiguous", severity="WARNING", release_id=release.release_id, detail=launched.detail
            )
            self._verdict = TryAgain("start_ambiguous")
        else:
            yield release.release_id, launched

    def _unknown(self) -> _Task:
        violation = Violation(
            "/cancel", "unknown_release", "the id of a release that Interlock has seen", "no such release"
        )
        refused = rejected(self._message, "unknown_release", (violation,), now=self._do.now())
        return refused.release_id, Submit(refused)

    def _tell(self, release_id: str, event: Event, stepped: Stepped) -> None:
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
            queue_seconds=queue_seconds(event, stepped),
        )


def compose(settings: DispatchSettings, *, ledger: Ledger, jobs: JobStarter, publisher: Publisher) -> Dispatcher:
    """Put the function together from its settings and its ports."""
    return Dispatcher(
        intake=Intake(Contract.of(load_schema("release-request.v1")), load_routes(settings.routes)),
        ledger=ledger,
        launcher=Launcher(jobs=jobs, fence=lambda: open_results(settings.results), now=utc_now, jitter=random.random),
        postman=Postman(
            ledger=ledger,
            publisher=publisher,
            instance=settings.instance,
            status_topic=settings.status_topic,
            dead_letters_topic=settings.dead_letters_topic,
        ),
        limits=Limits(lease=timedelta(seconds=settings.lease_seconds), max_starts=settings.max_starts),
        now=utc_now,
    )


@cache
def composed() -> Dispatcher:
    """Return the function over its real ports, which connect when they are first used."""
    settings = DispatchSettings.read(os.environ)
    return compose(
        settings,
        ledger=open_ledger(settings.ledger),
        jobs=CloudRunJobs(settings.run_endpoint, start_timeout_seconds=settings.start_timeout_seconds),
        publisher=open_publisher(settings.pubsub_endpoint),
    )


def dispatch_release(request: flask.Request) -> Answer:
    """Answer one push of the release-requests topic."""
    return answer(request, "dispatch_release", composed().handle)
