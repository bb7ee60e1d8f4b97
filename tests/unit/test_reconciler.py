"""reconcile_releases over fakes: what is due is put back in motion, and nothing else is touched."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

import pytest

from interlock.domain.releases.model import Cancellation, Outbox, Release, State
from interlock.entrypoints.reconcile_releases import LOST_AFTER, Reconciler
from interlock.ledger.interface import Commit, Decision
from interlock.ledger.records import Key
from interlock.ports import StartOrder
from interlock.services.completion_service import CompletionService
from interlock.services.outbox_relay import OutboxRelay, ResumeSender, StatusEventSender
from interlock.services.release_service import ReleaseService
from interlock.services.release_transaction import release_key
from tests.build import JOB, NOW, a_release, at
from tests.fakes import Clock, FakeCloudRun, FakePublisher, LogRecorder, MemoryLedger

T = TypeVar("T")
STATUS, REQUESTS = "projects/acme/topics/release-status", "projects/acme/topics/release-requests"


class Ticking(Clock):
    """A clock that moves by a step whenever it is read."""

    step = timedelta()

    def __call__(self) -> datetime:
        return self.forward(seconds=self.step.total_seconds())


class Stale(MemoryLedger):
    """A ledger that was asked a moment ago: its page shows what has been looked at since. Counts what it is asked."""

    def __init__(self, page: Sequence[Release] = ()) -> None:
        super().__init__()
        self.page, self.calls = page, 0

    def due(self, _now: datetime, _limit: int) -> Sequence[Release]:
        self.calls += 1
        return self.page

    def transact(self, keys: Iterable[Key], decide: Decision[T]) -> T:
        self.calls += 1
        return super().transact(keys, decide)


class World:
    """A reconciler and all it can touch."""

    def __init__(self) -> None:
        self.ledger, self.publisher, self.cloud_run = MemoryLedger(), FakePublisher(), FakeCloudRun()
        self.clock = Ticking(NOW)
        releases = ReleaseService(ledger=self.ledger, instance="test", now=self.clock)
        resumes = ResumeSender(publisher=self.publisher, topic=REQUESTS)
        senders = (StatusEventSender(publisher=self.publisher, topic=STATUS), resumes)
        relay = OutboxRelay(releases=releases, senders=senders)
        self.reconciler = Reconciler(
            reader=self.ledger,
            executions=self.cloud_run,
            completions=CompletionService(releases=releases, results=None, relay=relay),
            resumes=resumes,
            page_size=10,
            budget=timedelta(seconds=40),
            now=self.clock,
        )

    def put(self, release: Release) -> None:
        key = release_key(release.release_id)
        self.ledger.transact((), lambda _: Commit({key: release}, None))

    def running(self) -> str:
        environment = {"INTERLOCK_RELEASE_ID": "web-1", "INTERLOCK_ATTEMPT": "1", "INTERLOCK_FENCE": "1"}
        order = StartOrder(job=JOB, environment=environment, task_count=None, timeout_seconds=None)
        execution = self.cloud_run.run(order).execution
        self.put(a_release(state=State.STARTED, execution=execution, fencing_token=1))
        return execution

    def reconcile(self) -> int:
        return self.reconciler.reconcile()

    def woken(self) -> list[str]:
        return [json.loads(one.data)["resume"] for one in self.publisher.published.get(REQUESTS, [])]

    def told(self) -> list[str]:
        return [one.attributes["state"] for one in self.publisher.published.get(STATUS, [])]


@pytest.fixture
def world() -> World:
    return World()


def test_nothing_due_is_nothing_done(world: World) -> None:
    world.put(a_release(state=State.SUCCEEDED))
    world.clock.forward(days=1)
    assert world.reconcile() == 0
    assert world.publisher.published == {}


@pytest.mark.parametrize(
    "release",
    [
        a_release(state=State.STARTING, lease_until=at(60)),
        a_release(not_before=at(60)),
        a_release(not_after=at(60)),
        a_release(state=State.SUCCEEDED, outbox=Outbox(resumes=("web-2",))),
    ],
    ids=["expired claim", "overload over", "not_after passed", "unsent news"],
)
def test_what_is_due_is_resumed(world: World, release: Release) -> None:
    world.put(release)
    assert world.reconcile() == 0
    world.clock.forward(seconds=60)
    assert world.reconcile() == 1
    assert world.woken() == ["web-1"]


def test_a_running_execution_is_looked_at_and_left_alone(world: World) -> None:
    world.running()
    world.clock.forward(seconds=60)
    assert (world.reconcile(), world.reconcile()) == (1, 0)
    assert world.told() == []


def test_an_execution_that_ended_without_an_entry_closes_its_release(world: World) -> None:
    execution = world.running()
    world.cloud_run.end(execution, completed=False, counts={"failed": 1}, reason="NON_ZERO_EXIT_CODE")
    world.clock.forward(seconds=60)
    world.reconcile()
    assert world.told() == ["failed"]


def test_a_cancelled_execution_that_sent_no_entry_closes_as_cancelled(world: World) -> None:
    execution = world.running()
    world.cloud_run.end(execution, completed=False, counts={"cancelled": 1}, reason="CANCELLED")
    world.clock.forward(seconds=60)
    world.reconcile()
    assert world.told() == ["cancelled"]


def test_an_execution_cloud_run_forgot_is_lost_only_after_the_grace(world: World) -> None:
    world.put(a_release(state=State.STARTED, execution=f"{JOB}/executions/gone"))
    world.clock.forward(seconds=60)
    world.reconcile()
    assert world.told() == []
    world.clock.instant = NOW + LOST_AFTER + timedelta(seconds=1)
    world.reconcile()
    assert world.told() == ["errored"]


def test_a_release_that_shall_stop_is_resumed_so_that_the_stop_is_asked_for_again(world: World) -> None:
    world.running()
    [release] = world.ledger.recent(1)
    world.put(replace(release, cancellation=Cancellation(at=NOW, requested_by="kim", reason=None)))
    world.clock.forward(seconds=60)
    world.reconcile()
    assert world.woken() == ["web-1"]


def test_an_execution_nobody_may_look_at_does_not_hide_the_others(world: World) -> None:
    execution = world.running()
    world.put(a_release("hidden", state=State.STARTED, execution=f"{JOB}/executions/hidden", updated_at=at(-60)))
    world.cloud_run.hidden.add(f"{JOB}/executions/hidden")
    world.cloud_run.end(execution, completed=True, counts={"succeeded": 1})
    world.clock.forward(seconds=60)
    assert world.reconcile() == 2
    assert world.told() == ["succeeded"]


def expired_claims(world: World, count: int) -> list[str]:
    """Put so many expired claims into the ledger; return their ids, the longest due first."""
    ids = [f"r{number}" for number in range(count)]
    for number, release_id in enumerate(ids):
        world.put(replace(a_release(release_id), state=State.STARTING, lease_until=at(number)))
    world.clock.forward(seconds=60)
    return ids


def test_an_execution_that_nobody_understands_does_not_hide_the_others_and_is_not_hidden_itself(world: World) -> None:
    execution = world.running()
    world.put(a_release("odd", state=State.STARTED, execution=f"{JOB}/executions/odd", updated_at=at(-60)))
    world.cloud_run.odd.add(f"{JOB}/executions/odd")
    world.cloud_run.end(execution, completed=True, counts={"succeeded": 1})
    world.clock.forward(seconds=60)
    with LogRecorder() as log, pytest.raises(ExceptionGroup) as raised:
        world.reconcile()
    assert [str(one) for one in raised.value.exceptions] == [f"{JOB}/executions/odd: of a kind nobody knows"]
    assert world.told() == ["succeeded"]
    assert [line["release_id"] for line in log.lines if line["event"] == "look_up_failed"] == ["odd"]


def test_it_goes_on_page_by_page_until_nothing_is_due(world: World) -> None:
    ids = expired_claims(world, 25)
    assert world.reconcile() == 25
    assert world.woken() == ids


def test_when_its_time_is_up_the_next_run_goes_on_where_it_stopped(world: World) -> None:
    ids = expired_claims(world, 25)
    world.clock.step = timedelta(seconds=2)
    first = world.reconcile()
    assert 0 < first < 25
    assert world.woken() == ids[:first]
    world.clock.step = timedelta()
    world.reconcile()
    assert world.woken()[:25] == ids


def test_claims_that_dispatch_does_not_take_up_are_asked_about_again_and_hide_nobody(world: World) -> None:
    expired_claims(world, 12)
    assert (world.reconcile(), world.reconcile()) == (12, 0)
    world.put(a_release("late", not_before=at(70)))
    world.clock.forward(seconds=15)
    assert world.reconcile() == 13
    assert world.woken().count("r0") == 2


def test_of_two_runs_at_once_one_takes_a_release(world: World) -> None:
    expired_claims(world, 5)
    page = world.ledger.due(world.clock(), 10)
    assert world.reconcile() == 5
    world.reconciler = replace(world.reconciler, reader=Stale(page))
    assert world.reconcile() == 0
    assert len(world.woken()) == 5


def test_with_nothing_to_do_it_asks_one_query_and_nothing_else(world: World) -> None:
    ledger = Stale()
    completions = world.reconciler.completions
    completions = replace(completions, releases=replace(completions.releases, ledger=ledger))
    assert replace(world.reconciler, reader=ledger, completions=completions).reconcile() == 0
    assert ledger.calls == 1
    assert world.publisher.published == {}


def test_a_release_that_waits_is_logged_with_its_lane(world: World) -> None:
    world.put(a_release())
    world.clock.forward(seconds=600)
    with LogRecorder() as log:
        world.reconciler.reconcile()
    assert [(line["state"], line["lane"]) for line in log.lines] == [("queued", "staging/web")]
