"""alert_dead_letter over fakes: every letter is kept, told once, counted by fingerprint, and closes its release."""

import pytest

from interlock.domain.dead_letters.stored import StoredDeadLetter
from interlock.domain.releases.model import Release, State
from interlock.domain.requests.delivery import PubSubDelivery
from interlock.domain.requests.message import Message
from interlock.entrypoints.alert_dead_letter import Alerter
from interlock.ledger.interface import Commit
from interlock.ledger.records import Key
from interlock.services.dead_letter_service import DeadLetterService
from interlock.services.outbox_relay import OutboxRelay, StatusEventSender
from interlock.services.release_service import ReleaseService
from interlock.services.release_transaction import release_key
from tests.build import NOW, a_release
from tests.fakes import Clock, FakePublisher, LogRecorder, MemoryLedger

STATUS = "projects/acme/topics/release-status"
FORWARDED = {
    "CloudPubSubDeadLetterSourceDeliveryCount": "5",
    "CloudPubSubDeadLetterSourceSubscription": "dispatch-release",
    "CloudPubSubDeadLetterSourceSubscriptionProject": "acme",
    "CloudPubSubDeadLetterSourceTopicPublishTime": "2026-03-01T11:59:00.123+00:00",
}
OURS = {"interlock-reason": "schema", "interlock-stage": "validate", "interlock-error": "bad"}


class World:
    """An alerter and all it can touch."""

    def __init__(self) -> None:
        self.ledger, self.publisher, self.log = MemoryLedger(), FakePublisher(), LogRecorder()
        clock = Clock(NOW)
        releases = ReleaseService(ledger=self.ledger, instance="test", now=clock)
        status_events = StatusEventSender(publisher=self.publisher, topic=STATUS)
        relay = OutboxRelay(releases=releases, senders=(status_events,))
        dead_letters = DeadLetterService(ledger=self.ledger, releases=releases, relay=relay, now=clock)
        self.alerter = Alerter(
            dead_letters=dead_letters, instance="test", runbooks="https://runbooks.example", now=clock
        )

    def push(self, data: bytes, attributes: dict[str, str], message_id: str = "9") -> dict[str, object]:
        with self.log:
            self.alerter.handle(PubSubDelivery(Message(message_id, NOW, data, attributes)))
        return dict(self.log.lines[-1])

    def told(self) -> list[tuple[str, str]]:
        published = self.publisher.published.get(STATUS, [])
        return [(one.attributes["release_id"], one.attributes["state"]) for one in published]


@pytest.fixture
def world() -> World:
    return World()


def test_a_letter_is_kept_whole(world: World) -> None:
    entry = world.push(b"\x00not json", {**FORWARDED, "origin": "ci"})
    kept = world.ledger.read(Key("dead_letters", str(entry["dead_letter_id"])))
    assert isinstance(kept, StoredDeadLetter)
    assert kept.letter.data == b"\x00not json"
    assert kept.letter.attributes == {**FORWARDED, "origin": "ci"}


def test_a_message_that_gave_out_before_it_was_a_release_is_closed_as_dead_lettered(world: World) -> None:
    world.push(b'{"release_id": "web-9", "target_env": "staging"}', FORWARDED)
    assert world.told() == [("web-9", "dead_lettered")]


def test_a_release_that_is_known_keeps_its_state(world: World) -> None:
    release = a_release("web-9", state=State.STARTED)
    world.ledger.transact((), lambda _: Commit({release_key("web-9"): release}, None))
    world.push(b'{"release_id": "web-9"}', FORWARDED)
    assert world.told() == []


def test_a_cancel_that_gave_out_does_not_close_whom_it_names(world: World) -> None:
    world.push(b'{"cancel": "web-9"}', FORWARDED)
    assert world.ledger.read(release_key("web-9")) is None
    assert world.told() == [("msg-9", "dead_lettered")]


def test_a_cancel_in_a_structured_cloud_event_does_not_close_whom_it_names_either(world: World) -> None:
    data = b'{"specversion": "1.0", "id": "7", "source": "//ci", "type": "cancel", "data": {"cancel": "web-9"}}'
    world.push(data, {**FORWARDED, "content-type": "application/cloudevents+json"})
    assert world.ledger.read(release_key("web-9")) is None
    assert world.told() == [("msg-9", "dead_lettered")]


def test_a_letter_we_forwarded_ourselves_closes_nothing_twice(world: World) -> None:
    world.push(b"{}", OURS)
    assert world.told() == []


def test_the_same_letter_twice_is_told_alike_and_counted_once(world: World) -> None:
    first = world.push(b"{}", FORWARDED)
    again = world.push(b"{}", FORWARDED, message_id="10")
    assert again == first


def test_repeats_of_a_fault_are_one_incident_that_stays_quiet(world: World) -> None:
    world.push(b"{}", {**OURS, "interlock-message-id": "1"})
    entry = world.push(b"{}", {**OURS, "interlock-message-id": "2"})
    labels, incident = entry["logging.googleapis.com/labels"], entry["incident"]
    assert isinstance(labels, dict)
    assert isinstance(incident, dict)
    assert (labels["notify"], incident["count"]) == ("false", 2)


def test_a_replayed_message_may_run_under_the_id_it_died_with(world: World) -> None:
    world.push(b'{"release_id": "web-9"}', FORWARDED)
    found = world.ledger.read(release_key("web-9"))
    assert isinstance(found, Release)
    assert found.state is State.DEAD_LETTERED
