"""What a subscription delivers next, by values: no clock, no server."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock_local.pubsub.backlog import Backlog, Lease
from interlock_local.pubsub.message import PublishedMessage, as_dead_letter
from interlock_local.pubsub.push_window import LARGEST, SMALLEST, PushWindow
from interlock_local.pubsub.subscription_policy import (
    RETRY_IMMEDIATELY,
    DeadLetterPolicy,
    PushConfig,
    RetryPolicy,
    SubscriptionPolicy,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ORDERED = SubscriptionPolicy(is_ordered=True)
PUSHED = SubscriptionPolicy(is_ordered=True, push=PushConfig("http://127.0.0.1/x"))


def a_message(number: int, *, key: str = "", data: bytes = b"x") -> PublishedMessage:
    return PublishedMessage(number, NOON, data, {}, key)


def backlog(policy: SubscriptionPolicy, *messages: PublishedMessage) -> Backlog:
    found = Backlog(policy)
    for each in messages:
        found.add(each)
    return found


def lease_due(found: Backlog, *, now: float = 0.0, limit: int = 100, holder: int = 0) -> list[Lease]:
    return found.lease(now, limit=limit, until=now + 10, holder=holder)


def numbers(leases: list[Lease]) -> list[int]:
    return [lease.message.number for lease in leases]


def nack(found: Backlog, lease: Lease, *, now: float = 0.0) -> bool:
    queued = found.find(lease.ack_id)
    assert queued
    return found.nack(queued, now=now)


def acknowledge(found: Backlog, lease: Lease) -> None:
    queued = found.find(lease.ack_id)
    assert queued
    found.acknowledge(queued)


def test_a_leased_message_is_not_delivered_again() -> None:
    found = backlog(SubscriptionPolicy(), a_message(1), a_message(2))
    assert numbers(lease_due(found)) == [1, 2]
    assert lease_due(found) == []


def test_no_more_than_the_limit_is_leased_and_the_rest_stays_due() -> None:
    found = backlog(SubscriptionPolicy(), a_message(1), a_message(2), a_message(3))
    assert numbers(lease_due(found, limit=2)) == [1, 2]
    assert numbers(lease_due(found, limit=2)) == [3]


def test_the_byte_budget_bounds_a_lease_but_lets_a_first_message_pass() -> None:
    found = backlog(SubscriptionPolicy(), a_message(1, data=b"12345"), a_message(2, data=b"12345"))
    assert numbers(found.lease(0, limit=9, until=1, byte_budget=3)) == [1]
    assert numbers(found.lease(0, limit=9, until=1, byte_budget=5)) == [2]


def test_a_lease_that_was_not_acknowledged_by_its_deadline_is_expired() -> None:
    found = backlog(SubscriptionPolicy(), a_message(1))
    lease_due(found)
    assert found.expired(9.9) == []
    assert [queued.message.number for queued in found.expired(10.0)] == [1]


def test_an_extended_lease_expires_later() -> None:
    found = backlog(SubscriptionPolicy(), a_message(1))
    [lease] = lease_due(found)
    queued = found.find(lease.ack_id)
    assert queued
    found.extend(queued, until=20)
    assert found.expired(19.9) == []
    assert found.expired(20) == [queued]


def test_an_ack_id_is_good_for_its_own_delivery_only() -> None:
    found = backlog(SubscriptionPolicy(), a_message(1))
    [first] = lease_due(found)
    nack(found, first)
    [second] = lease_due(found)
    assert found.find(first.ack_id) is None
    assert found.find(second.ack_id) is not None


def test_an_ack_id_outlives_a_restart_until_the_message_is_leased_again() -> None:
    [old] = lease_due(backlog(SubscriptionPolicy(), a_message(1)))
    restarted = Backlog(SubscriptionPolicy(), boot_id="1")
    restarted.add(a_message(1))
    assert restarted.find(old.ack_id) is not None
    lease_due(restarted)
    assert restarted.find(old.ack_id) is None


def test_failures_double_the_backoff_up_to_the_maximum() -> None:
    retry = RetryPolicy(1.0, 5.0)
    assert [retry.backoff_seconds(failures) for failures in (1, 2, 3, 4, 400)] == [1, 2, 4, 5, 5]
    assert RETRY_IMMEDIATELY.backoff_seconds(9) == 0


def test_a_nacked_message_waits_for_its_backoff() -> None:
    found = backlog(SubscriptionPolicy(retry=RetryPolicy(2.0, 60.0)), a_message(1))
    nack(found, lease_due(found)[0], now=0)
    assert lease_due(found, now=1.9) == []
    assert [lease.attempt for lease in lease_due(found, now=2.0)] == [2]


def test_what_a_subscriber_from_before_a_restart_nacks_waits_too() -> None:
    policy = SubscriptionPolicy(retry=RetryPolicy(2.0, 60.0))
    [old] = lease_due(backlog(policy, a_message(1)))
    restarted = Backlog(policy, boot_id="1")
    restarted.add(a_message(1))
    nack(restarted, old, now=0)
    assert lease_due(restarted, now=1.9) == []
    assert [lease.attempt for lease in lease_due(restarted, now=2.0)] == [2]


def test_the_failure_that_exhausts_the_attempts_is_reported() -> None:
    found = backlog(SubscriptionPolicy(dead_letter=DeadLetterPolicy("graves", 5)), a_message(1))
    assert [nack(found, lease_due(found)[0]) for _ in range(5)] == [False, False, False, False, True]


def test_an_ordering_key_has_one_holder_at_a_time_and_keeps_its_order() -> None:
    found = backlog(ORDERED, a_message(1, key="k"), a_message(2, key="other"), a_message(3, key="k"))
    leases = lease_due(found, limit=2)
    assert numbers(leases) == [1, 3]
    found.add(a_message(4, key="k"))
    assert numbers(lease_due(found)) == [2]


def test_a_pushed_ordering_key_is_leased_one_message_at_a_time() -> None:
    found = backlog(PUSHED, a_message(1, key="k"), a_message(2, key="k"))
    [lease] = lease_due(found)
    assert lease_due(found) == []
    acknowledge(found, lease)
    assert numbers(lease_due(found)) == [2]


def test_a_nack_releases_the_later_messages_of_its_ordering_key() -> None:
    found = backlog(ORDERED, a_message(1, key="k"), a_message(2, key="k"), a_message(3, key="k"))
    first, second, third = lease_due(found)
    acknowledge(found, first)
    nack(found, second)
    assert found.find(third.ack_id) is None
    assert numbers(lease_due(found)) == [2, 3]


def test_only_the_nacked_message_counts_a_failure() -> None:
    found = backlog(ORDERED, a_message(1, key="k"), a_message(2, key="k"))
    nack(found, lease_due(found)[0])
    assert [lease.attempt for lease in lease_due(found)] == [2, 1]


STEPS = st.lists(st.tuples(st.sampled_from(["lease", "ack", "nack", "expire"]), st.integers(0, 30)), max_size=80)


class Subscribers:
    """Lease, ack, nack and forget at will, and note what was acknowledged."""

    def __init__(self, found: Backlog) -> None:
        self.backlog = found
        self.now = 0.0
        self.acknowledged: list[int] = []
        self._held: list[Lease] = []

    def do(self, action: str, choice: int) -> None:
        if action == "lease":
            self._held += lease_due(self.backlog, now=self.now, limit=1 + choice % 4)
        elif action == "expire":
            self.expire()
        elif self._held:
            self.answer(self._held.pop(choice % len(self._held)), is_done=action == "ack")

    def expire(self) -> None:
        self.now += 11
        for queued in self.backlog.expired(self.now):
            if queued.lease:
                self.backlog.nack(queued, now=self.now)

    def answer(self, lease: Lease, *, is_done: bool) -> None:
        queued = self.backlog.find(lease.ack_id)
        if queued and is_done:
            self.backlog.acknowledge(queued)
            self.acknowledged.append(lease.message.number)
        elif queued:
            self.backlog.nack(queued, now=self.now)

    def finish(self) -> list[int]:
        before = len(self.acknowledged)
        self.expire()
        while leases := lease_due(self.backlog, now=self.now):
            for lease in leases:
                self.answer(lease, is_done=True)
        return self.acknowledged[before:]


@given(st.lists(st.sampled_from(["", "a", "b"]), min_size=1, max_size=12), STEPS, st.sampled_from([ORDERED, PUSHED]))
def test_whatever_subscribers_do_nothing_is_lost_and_a_key_keeps_its_order(
    keys: list[str], steps: list[tuple[str, int]], policy: SubscriptionPolicy
) -> None:
    subscribers = Subscribers(backlog(policy, *(a_message(number, key=key) for number, key in enumerate(keys))))
    for action, choice in steps:
        subscribers.do(action, choice)
    rest = subscribers.finish()
    assert sorted(subscribers.acknowledged) == list(range(len(keys)))
    assert subscribers.backlog.leased_to(0) == (0, 0)
    for key in ("a", "b"):
        line = [number for number in rest if keys[number] == key]
        assert line == sorted(line)


def test_a_dead_letter_keeps_its_data_and_says_where_it_came_from() -> None:
    source = PublishedMessage(1, NOON, b"\x00", {"target": "staging"}, "k")
    subscription = "projects/p/subscriptions/reader"
    dead_letter = as_dead_letter(source, subscription=subscription, deliveries=5, number=2, now=NOON)
    assert (dead_letter.number, dead_letter.data, dead_letter.ordering_key) == (2, b"\x00", "k")
    assert dead_letter.attributes == {
        "target": "staging",
        "CloudPubSubDeadLetterSourceDeliveryCount": "5",
        "CloudPubSubDeadLetterSourceSubscription": "reader",
        "CloudPubSubDeadLetterSourceSubscriptionProject": "p",
        "CloudPubSubDeadLetterSourceTopicPublishTime": "2026-01-01T12:00:00+00:00",
    }


@pytest.mark.parametrize(("step", "end"), [(PushWindow.succeeded, LARGEST), (PushWindow.failed, SMALLEST)])
def test_the_push_window_stays_within_its_bounds(step: object, end: int) -> None:
    window = PushWindow()
    for _ in range(100):
        assert callable(step)
        step(window)
    assert window.size == end
