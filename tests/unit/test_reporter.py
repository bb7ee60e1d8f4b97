"""report_status over fakes: which ends count, what they tell, and whom they wake."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from interlock.domain.releases.events import RequestReceived, StartConfirmed
from interlock.domain.releases.lane import Lane, Waiting
from interlock.domain.releases.model import Release, State
from interlock.domain.requests.delivery import AuditLogDelivery
from interlock.entrypoints.http import Ack
from interlock.entrypoints.report_status import Reporter
from interlock.ledger.interface import Commit
from interlock.ledger.records import Key
from interlock.services.completion_service import CompletionService
from interlock.services.outbox_relay import OutboxRelay, ResumeSender, StatusEventSender
from interlock.services.release_service import ReleaseService
from interlock.services.release_transaction import release_key
from tests.build import NOW, a_release, apply
from tests.fakes import Clock, FakePublisher, FakeResults, LogRecorder, MemoryLedger

STATUS, REQUESTS = "projects/acme/topics/release-status", "projects/acme/topics/release-requests"
JOB = "projects/acme/locations/europe-west1/jobs/release-agent"


def completion(
    execution: str = "release-agent-x7k2p", *, fencing_token: int = 1, succeeded: bool = True
) -> AuditLogDelivery:
    count = "succeededCount" if succeeded else "failedCount"
    variables = {"INTERLOCK_RELEASE_ID": "web-1", "INTERLOCK_ATTEMPT": "1", "INTERLOCK_FENCE": str(fencing_token)}
    container = {"env": [{"name": name, "value": value} for name, value in variables.items()]}
    return AuditLogDelivery(
        event_id="e",
        entry={
            "logName": "projects/acme/logs/cloudaudit.googleapis.com%2Fsystem_event",
            "resource": {
                "type": "cloud_run_job",
                "labels": {"job_name": "release-agent", "location": "europe-west1", "project_id": "acme"},
            },
            "protoPayload": {
                "methodName": "/Jobs.RunJob",
                "resourceName": f"namespaces/acme/executions/{execution}",
                "response": {
                    "@type": "type.googleapis.com/google.cloud.run.v1.Execution",
                    "kind": "Execution",
                    "metadata": {"name": execution},
                    "spec": {"taskCount": 1, "template": {"spec": {"containers": [container]}}},
                    "status": {"conditions": [{"type": "Completed", "status": str(succeeded)}], count: 1},
                },
            },
        },
    )


class World:
    """A reporter, and a ledger in which web-1 runs and web-2 waits."""

    def __init__(self) -> None:
        self.ledger, self.publisher, self.results = MemoryLedger(), FakePublisher(), FakeResults()
        self.log = LogRecorder()
        clock = Clock(datetime(2026, 3, 1, 13, tzinfo=UTC))
        releases = ReleaseService(ledger=self.ledger, instance="test", now=clock)
        status_events = StatusEventSender(publisher=self.publisher, topic=STATUS)
        resumes = ResumeSender(publisher=self.publisher, topic=REQUESTS)
        relay = OutboxRelay(releases=releases, senders=(status_events, resumes))
        self.reporter = Reporter(CompletionService(releases=releases, results=self.results, relay=relay))
        for event in (RequestReceived(a_release()), StartConfirmed(1, f"{JOB}/executions/release-agent-x7k2p", None)):
            stepped = apply(self.ledger, "web-1", event)
            assert stepped.release is not None
            relay.publish(stepped.release)
        lane = Lane(key="staging/web", holders=("web-1",), queue=(Waiting(NOW, "web-2"),))
        self.ledger.transact((), lambda _: Commit({Key("lanes", lane.key): lane}, None))
        self.publisher.published.clear()

    def report(self, delivery: AuditLogDelivery) -> None:
        with self.log:
            assert isinstance(self.reporter.handle(delivery), Ack)

    @property
    def release(self) -> Release:
        found = self.ledger.read(release_key("web-1"))
        assert isinstance(found, Release)
        return found

    def told(self) -> list[str]:
        return [one.attributes["state"] for one in self.publisher.published.get(STATUS, [])]

    def woken(self) -> list[str]:
        return [json.loads(one.data)["resume"] for one in self.publisher.published.get(REQUESTS, [])]


@pytest.fixture
def world() -> World:
    return World()


def test_a_completion_closes_its_release_and_wakes_the_next(world: World) -> None:
    world.report(completion())
    assert (world.told(), world.woken()) == (["succeeded"], ["web-2"])
    assert world.release.outbox.is_empty


def test_the_same_completion_by_both_routes_is_told_once(world: World) -> None:
    world.report(completion())
    world.report(completion())
    assert world.told() == ["succeeded"]


def test_a_stray_execution_is_logged_and_closes_nothing(world: World) -> None:
    world.report(completion("release-agent-stray"))
    assert world.release.state is State.STARTED
    assert "stray_execution" in str(world.log.lines[-1])


def test_the_execution_that_owns_the_fence_counts_not_the_one_that_was_confirmed(world: World) -> None:
    world.results.owners["web-1", 1] = "release-agent-owner"
    world.report(completion())
    assert world.release.state is State.STARTED
    world.report(completion("release-agent-owner", succeeded=False))
    assert world.told() == ["failed"]


def test_what_the_agent_left_behind_is_told(world: World) -> None:
    world.results.left["web-1", 1, 0] = {"exit_code": 3, "outputs": {"url": "https://x"}, "error_lines": ["boom"]}
    world.report(completion(succeeded=False))
    [event] = world.publisher.published[STATUS]
    told = json.loads(event.data)
    assert (told["exit_code"], told["outputs"], told["error_lines"]) == (3, {"url": "https://x"}, ["boom"])


def test_a_broken_result_never_changes_the_verdict(world: World) -> None:
    world.results.left["web-1", 1, 0] = {"outcome": "failure", "exit_code": "x", "outputs": 7, "error_lines": {}}
    world.report(completion())
    assert world.told() == ["succeeded"]


def test_a_secret_in_what_the_agent_left_behind_does_not_leave(world: World) -> None:
    world.results.left["web-1", 1, 0] = {"error_lines": ["login failed: password=hunter2hunter2"]}
    world.report(completion(succeeded=False))
    assert "hunter2" not in str(world.publisher.published)


def test_an_execution_nobody_claimed_is_acknowledged(world: World) -> None:
    entry = dict(completion().entry)
    assert isinstance(world.reporter.handle(AuditLogDelivery("e", {**entry, "logName": "other"})), Ack)
    world.report(replace(completion(), entry={}))
    assert world.told() == []


def test_an_end_logs_how_long_the_release_ran(world: World) -> None:
    world.report(completion())
    world.report(completion())
    assert [line.get("run_seconds") for line in world.log.lines] == [3600.0, None]
