"""The dispatcher's shell over fakes: what it writes, starts, publishes, and when it asks for a redelivery."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from interlock.domain.releases.model import Release, State
from interlock.domain.requests.delivery import PubSubDelivery
from interlock.domain.requests.message import Message
from interlock.domain.requests.parser import RequestParser
from interlock.domain.requests.routes import parse_routes
from interlock.domain.requests.schema_validation import SchemaValidator
from interlock.entrypoints.dispatch_release import Dispatcher
from interlock.entrypoints.http import Ack, Nack, Reply
from interlock.ports import Ambiguous, PublishFailed, Refused, Throttled
from interlock.schema_files import load_schema
from interlock.services.job_launcher import JobLauncher
from interlock.services.outbox_relay import DeadLetterSender, OutboxRelay, StatusEventSender
from interlock.services.release_service import ReleaseService
from interlock.services.release_transaction import release_key
from tests.build import LIMITS
from tests.fakes import Clock, FakeCloudRun, FakePublisher, FakeResults, LogRecorder, MemoryLedger

STATUS, DEAD = "projects/acme/topics/release-status", "projects/acme/topics/release-dead-letters"
JOB = "projects/acme/locations/europe-west1/jobs/release-agent"
REQUEST = {
    "release_version": "1.2.4",
    "target_env": "staging",
    "artifact_path": "gs://my-artifacts/my-app-1.2.4.zip",
    "deployment_script": "deploy_staging.sh",
}
ROUTES = {"routes": [{"name": "staging", "match": {"target_env": "staging"}, "job": JOB}]}


@dataclass
class World:
    """A dispatcher and all it can touch."""

    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    publisher: FakePublisher = field(default_factory=FakePublisher)
    cloud_run: FakeCloudRun = field(default_factory=FakeCloudRun)
    clock: Clock = field(default_factory=Clock)
    log: LogRecorder = field(default_factory=LogRecorder)
    results: FakeResults = field(default_factory=FakeResults)
    routes: Mapping[str, Any] = field(default_factory=lambda: ROUTES)

    def __post_init__(self) -> None:
        releases = ReleaseService(ledger=self.ledger, instance="test", now=self.clock, limits=LIMITS)
        status_events = StatusEventSender(publisher=self.publisher, topic=STATUS)
        dead_letters = DeadLetterSender(publisher=self.publisher, topic=DEAD)
        self.dispatcher = Dispatcher(
            parser=RequestParser(SchemaValidator.of(load_schema("release-request.v1")), parse_routes(self.routes)),
            releases=releases,
            launcher=JobLauncher(
                jobs=self.cloud_run, open_ownership=lambda: self.results, now=self.clock, jitter=lambda: 1.0
            ),
            status_events=status_events,
            relay=OutboxRelay(releases=releases, senders=(status_events, dead_letters)),
            now=self.clock,
        )

    def push(self, body: object, message_id: str = "1", **attributes: str) -> Reply:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        message = Message(message_id, self.clock(), data, attributes)
        with self.log:
            return self.dispatcher.handle(PubSubDelivery(message))

    def release(self, release_id: str) -> Release:
        found = self.ledger.read(release_key(release_id))
        assert isinstance(found, Release)
        return found

    def told(self, release_id: str) -> list[str]:
        events = [one.attributes for one in self.publisher.published.get(STATUS, [])]
        return [one["state"] for one in events if one["release_id"] == release_id]

    def buried(self) -> list[Mapping[str, str]]:
        return [one.attributes for one in self.publisher.published.get(DEAD, [])]


@pytest.fixture
def world() -> World:
    return World()


def test_the_message_ci_already_sends_starts_its_job(world: World) -> None:
    assert world.push(REQUEST) == Ack()
    [order] = world.cloud_run.orders.values()
    assert order.job == JOB
    assert order.environment["ARTIFACT_PATH"] == REQUEST["artifact_path"]
    assert order.environment["INTERLOCK_FENCE"] == "1"
    assert world.told("msg-1") == ["started"]


def test_all_that_is_published_is_taken_out_of_the_outbox(world: World) -> None:
    world.push(REQUEST)
    assert world.release("msg-1").outbox.is_empty


def test_a_status_event_that_cannot_be_published_stays_in_the_outbox_for_the_redelivery(world: World) -> None:
    world.publisher.failing.add(STATUS)
    with pytest.raises(PublishFailed):
        world.push(REQUEST)
    world.publisher.failing.clear()
    world.push(REQUEST)
    assert world.told("msg-1") == ["started"]
    assert len(world.cloud_run.orders) == 1


def test_a_second_release_waits_for_the_lane(world: World) -> None:
    world.push(REQUEST, "1")
    world.push(REQUEST, "2")
    assert world.told("msg-2") == ["queued"]
    assert len(world.cloud_run.orders) == 1


def test_a_duplicate_publication_is_told_the_present_state_under_the_same_event_id(world: World) -> None:
    world.push({**REQUEST, "release_id": "web-1"}, "1")
    world.push({**REQUEST, "release_id": "web-1"}, "2")
    assert world.told("web-1") == ["started", "started"]
    assert len({one.attributes["ce-id"] for one in world.publisher.published[STATUS]}) == 1
    assert len(world.cloud_run.orders) == 1


def test_a_conflict_is_announced_under_the_messages_own_id(world: World) -> None:
    world.push({**REQUEST, "release_id": "web-1"}, "1")
    before = world.release("web-1")
    world.push({**REQUEST, "release_id": "web-1", "release_version": "2.0.0"}, "2")
    assert world.release("web-1") == before
    conflict = world.release("msg-2")
    assert (conflict.state, conflict.result.reason) == (State.REJECTED, "id_conflict")
    assert world.buried()[0]["interlock-reason"] == "id_conflict"


def test_an_invalid_message_is_rejected_with_every_violation_and_forwarded_byte_for_byte(world: World) -> None:
    data = b'{"release_version": "1.2.4", "targt_env": "staging"}'
    assert isinstance(world.push(data, "7", origin="ci"), Ack)
    release = world.release("msg-7")
    assert (release.state, release.result.reason) == (State.REJECTED, "schema")
    assert {one.pointer for one in release.result.violations} == {"", "/targt_env"}
    [letter] = world.publisher.published[DEAD]
    assert letter.data == data
    assert letter.attributes["origin"] == "ci"
    assert letter.attributes["interlock-reason"] == "schema"


BAD_BODIES = {
    "empty": b"",
    "not_utf8": b"\xff",
    "not_object": b"[1]",
    "not_json": b"nonsense",
    "duplicate_key": b'{"task": "a", "task": "b"}',
    "not_finite": b'{"a": NaN}',
    "too_deep": b"[" * 10_000,
    "too_large": b'{"task": "' + b"a" * 300_000,
}


@pytest.mark.parametrize("reason", BAD_BODIES)
def test_a_body_that_is_no_request_is_rejected_with_its_own_reason(world: World, reason: str) -> None:
    assert isinstance(world.push(BAD_BODIES[reason], "8"), Ack)
    assert world.release("msg-8").result.reason == reason
    assert world.told("msg-8") == ["rejected"]
    assert world.publisher.published[DEAD][0].data == BAD_BODIES[reason]


def test_a_message_no_route_takes_is_rejected(world: World) -> None:
    world.push({**REQUEST, "target_env": "mars"})
    assert world.release("msg-1").result.reason == "no_route"


def test_a_source_the_route_does_not_allow_is_rejected(world: World) -> None:
    world.push({**REQUEST, "artifact_path": "https://evil.example/a.zip"})
    assert world.release("msg-1").result.reason == "policy"


def test_a_refused_start_closes_the_release_and_keeps_its_message(world: World) -> None:
    world.cloud_run.answers = [Refused("job_not_found", "404 no such job")]
    world.push(REQUEST)
    assert world.told("msg-1") == ["errored"]
    assert world.buried()[0]["interlock-reason"] == "job_not_found"


def test_a_refused_start_lets_the_next_one_try(world: World) -> None:
    world.cloud_run.answers = [Ambiguous("deadline")]
    world.push(REQUEST, "1")
    world.push(REQUEST, "2")
    world.clock.forward(seconds=61)
    world.cloud_run.answers = [Refused("permission", "403")]
    world.push(REQUEST, "1")
    assert world.told("msg-1") == []  # the first start may still turn up
    world.clock.forward(seconds=61)
    world.push({"resume": "msg-1"}, "3")
    assert world.told("msg-1") == ["errored"]
    assert world.release("msg-1").result.reason == "permission"
    assert world.told("msg-2") == ["queued", "started"]
    assert world.release("msg-1").outbox.is_empty


def test_a_last_start_that_did_run_is_adopted_not_given_up(world: World) -> None:
    twin = World(clock=world.clock)
    twin.push(REQUEST)
    [order] = twin.cloud_run.orders.values()
    world.cloud_run.answers = [Ambiguous("deadline")] * 3
    for _ in range(3):
        world.push(REQUEST)
        world.clock.forward(seconds=61)
    started = world.cloud_run.run(order)
    world.push(REQUEST)
    assert world.release("msg-1").execution == started.execution
    assert world.told("msg-1") == ["started"]


def test_a_mended_request_waits_until_the_bad_ones_dead_letter_is_out(world: World) -> None:
    world.publisher.failing.add(DEAD)
    with pytest.raises(PublishFailed):
        world.push({"release_id": "web-1"}, "1")
    world.publisher.failing.clear()
    assert world.push({**REQUEST, "release_id": "web-1"}, "2") == Nack("dead_letter_unsent")
    assert world.publisher.published[DEAD][0].data == b'{"release_id": "web-1"}'
    world.push({**REQUEST, "release_id": "web-1"}, "2")
    assert list(dict.fromkeys(world.told("web-1"))) == ["rejected", "started"]


def test_overload_waits_longer_each_time_and_is_no_dead_letter(world: World) -> None:
    world.cloud_run.answers = [Throttled("429"), Throttled("429")]
    assert isinstance(world.push(REQUEST), Ack)
    first = world.release("msg-1").not_before
    assert first == world.clock.instant + timedelta(seconds=5)
    world.clock.forward(seconds=5)
    world.push({"resume": "msg-1"}, "2")
    assert world.release("msg-1").not_before == world.clock.instant + timedelta(seconds=10)
    assert world.buried() == []


def test_an_ambiguous_start_is_not_acknowledged_and_keeps_its_claim(world: World) -> None:
    world.cloud_run.answers = [Ambiguous("deadline exceeded")]
    assert world.push(REQUEST) == Nack("start_ambiguous")
    assert world.push(REQUEST) == Nack("claim_held")
    assert world.release("msg-1").state is State.STARTING


def test_a_start_whose_answer_was_lost_is_adopted_not_repeated(world: World) -> None:
    twin = World(clock=world.clock)
    twin.push(REQUEST)
    [order] = twin.cloud_run.orders.values()
    world.cloud_run.answers = [Ambiguous("deadline exceeded")]
    world.push(REQUEST)
    started = world.cloud_run.run(order)
    world.clock.forward(seconds=61)
    world.push(REQUEST)
    assert world.release("msg-1").execution == started.execution
    assert len(world.cloud_run.orders) == 1


def test_a_start_that_never_happened_is_made_under_the_next_fence(world: World) -> None:
    world.cloud_run.answers = [Ambiguous("deadline exceeded")]
    world.push(REQUEST)
    world.clock.forward(seconds=61)
    world.push(REQUEST)
    [order] = world.cloud_run.orders.values()
    assert order.environment["INTERLOCK_FENCE"] == "2"


def test_a_cancel_stops_a_running_release(world: World) -> None:
    world.push(REQUEST, "1")
    world.push({"cancel": "msg-1", "requested_by": "kim"}, "2")
    assert world.cloud_run.stopped == [world.release("msg-1").execution]


def test_a_cancel_closes_a_waiting_release(world: World) -> None:
    world.push(REQUEST, "1")
    world.push(REQUEST, "2")
    world.push({"cancel": "msg-2"}, "3")
    assert world.told("msg-2") == ["queued", "cancelled"]


def test_a_cancel_of_nobody_is_rejected_under_its_own_id(world: World) -> None:
    world.push({"cancel": "web-404"}, "3")
    assert world.release("msg-3").result.reason == "unknown_release"
    assert world.told("msg-3") == ["rejected"]


def test_superseded_releases_are_told_in_the_same_breath() -> None:
    world = World(routes={"routes": [{"name": "all", "match": {}, "job": JOB, "lane_mode": "newest"}]})
    for number in "123":
        world.clock.forward(seconds=1)
        world.push(REQUEST, number)
    assert world.told("msg-2") == ["queued", "superseded"]
    assert world.release("msg-2").result.superseded_by == "msg-3"


def test_every_event_that_leaves_fits_its_schema(world: World) -> None:
    contract = SchemaValidator.of(load_schema("status-event.v1"))
    world.cloud_run.answers = [Refused("permission", "403")]
    world.push(REQUEST, "1")
    world.push(REQUEST, "2")
    world.push(REQUEST, "3")
    world.push({"cancel": "msg-3"}, "4")
    world.push(b"nonsense", "5")
    world.push({**REQUEST, "not_after": "2020-01-01T00:00:00Z"}, "6")
    published = world.publisher.published[STATUS]
    assert {one.attributes["state"] for one in published} >= {"errored", "started", "queued", "cancelled", "rejected"}
    assert [contract.violations(json.loads(one.data)) for one in published] == [()] * len(published)


def test_a_routes_new_defaults_make_no_conflict_of_a_duplicate(world: World) -> None:
    task = {"task": "clean-up", "release_id": "nightly", "target_env": "staging"}
    routes = [{"name": "all", "match": {}, "job": JOB, "defaults": {"deployment_script": "gs://scripts/a.sh"}}]
    before = World(ledger=world.ledger, routes={"routes": routes})
    before.push(task, "1")
    routes[0]["defaults"] = {"deployment_script": "gs://scripts/b.sh"}
    World(ledger=world.ledger, routes={"routes": routes}).push(task, "2")
    assert world.release("nightly").message_ids == ("1", "2")


def test_a_start_logs_how_long_the_release_waited(world: World) -> None:
    world.push(REQUEST)
    assert [line["queue_seconds"] for line in world.log.lines if line.get("queue_seconds") is not None] == [0.0]
