"""What a subscription delivers next, by values: no clock, no server."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock_local.pubsub.backlog import Backlog, Lease
from interlock_local.pubsub.letter import Letter, dead_letter
from interlock_local.pubsub.terms import AT_ONCE, DeadLetterPolicy, Push, Retry, Terms
from interlock_local.pubsub.window import FEWEST, MOST, Window

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ORDERED = Terms(is_ordered=True)
PUSHED = Terms(is_ordered=True, push=Push("http://127.0.0.1/x"))


def letter(number: int, *, key: str = "", data: bytes = b"x") -> Letter:
    return Letter(number, NOON, data, {}, key)


def backlog(terms: Terms, *letters: Letter) -> Backlog:
    found = Backlog(terms)
    for each in letters:
        found.add(each)
    return found


def take(found: Backlog, *, now: float = 0.0, limit: int = 100, holder: int = 0) -> list[Lease]:
    return found.take(now, limit=limit, until=now + 10, holder=holder)


def numbers(leases: list[Lease]) -> list[int]:
    return [lease.letter.number for lease in leases]


def refuse(found: Backlog, lease: Lease, *, now: float = 0.0) -> bool:
    entry = found.find(lease.ack_id)
    assert entry
    return found.refuse(entry, now=now)


def acknowledge(found: Backlog, lease: Lease) -> None:
    entry = found.find(lease.ack_id)
    assert entry
    found.acknowledge(entry)


def test_a_held_message_is_not_given_again() -> None:
    found = backlog(Terms(), letter(1), letter(2))
    assert numbers(take(found)) == [1, 2]
    assert take(found) == []


def test_a_limit_is_kept_and_the_rest_stays_due() -> None:
    found = backlog(Terms(), letter(1), letter(2), letter(3))
    assert numbers(take(found, limit=2)) == [1, 2]
    assert numbers(take(found, limit=2)) == [3]


def test_room_bounds_the_bytes_but_lets_a_first_message_pass() -> None:
    found = backlog(Terms(), letter(1, data=b"12345"), letter(2, data=b"12345"))
    assert numbers(found.take(0, limit=9, until=1, room=3)) == [1]
    assert numbers(found.take(0, limit=9, until=1, room=5)) == [2]


def test_what_its_holder_did_not_settle_in_time_is_found_expired() -> None:
    found = backlog(Terms(), letter(1))
    take(found)
    assert found.expired(9.9) == []
    assert [entry.letter.number for entry in found.expired(10.0)] == [1]


def test_more_time_puts_the_expiry_off() -> None:
    found = backlog(Terms(), letter(1))
    [lease] = take(found)
    entry = found.find(lease.ack_id)
    assert entry
    found.extend(entry, until=20)
    assert found.expired(19.9) == []
    assert found.expired(20) == [entry]


def test_an_ack_id_counts_for_its_own_delivery_only() -> None:
    found = backlog(Terms(), letter(1))
    [first] = take(found)
    refuse(found, first)
    [second] = take(found)
    assert found.find(first.ack_id) is None
    assert found.find(second.ack_id) is not None


def test_an_ack_id_outlives_a_restart_until_the_message_is_out_again() -> None:
    [old] = take(backlog(Terms(), letter(1)))
    restarted = Backlog(Terms(), boot="1")
    restarted.add(letter(1))
    assert restarted.find(old.ack_id) is not None
    take(restarted)
    assert restarted.find(old.ack_id) is None


def test_failures_double_the_wait_up_to_the_maximum() -> None:
    retry = Retry(1.0, 5.0)
    assert [retry.delay(failures) for failures in (1, 2, 3, 4, 400)] == [1, 2, 4, 5, 5]
    assert AT_ONCE.delay(9) == 0


def test_a_refused_message_waits_for_its_backoff() -> None:
    found = backlog(Terms(retry=Retry(2.0, 60.0)), letter(1))
    refuse(found, take(found)[0], now=0)
    assert take(found, now=1.9) == []
    assert [lease.attempt for lease in take(found, now=2.0)] == [2]


def test_what_a_reader_from_before_a_restart_refuses_waits_too() -> None:
    terms = Terms(retry=Retry(2.0, 60.0))
    [old] = take(backlog(terms, letter(1)))
    restarted = Backlog(terms, boot="1")
    restarted.add(letter(1))
    refuse(restarted, old, now=0)
    assert take(restarted, now=1.9) == []
    assert [lease.attempt for lease in take(restarted, now=2.0)] == [2]


def test_the_last_allowed_failure_is_told() -> None:
    found = backlog(Terms(dead_letter=DeadLetterPolicy("graves", 5)), letter(1))
    assert [refuse(found, take(found)[0]) for _ in range(5)] == [False, False, False, False, True]


def test_a_key_is_out_once_and_in_order() -> None:
    found = backlog(ORDERED, letter(1, key="k"), letter(2, key="other"), letter(3, key="k"))
    leases = take(found, limit=2)
    assert numbers(leases) == [1, 3]
    found.add(letter(4, key="k"))
    assert numbers(take(found)) == [2]


def test_a_pushed_key_is_out_one_at_a_time() -> None:
    found = backlog(PUSHED, letter(1, key="k"), letter(2, key="k"))
    [lease] = take(found)
    assert take(found) == []
    acknowledge(found, lease)
    assert numbers(take(found)) == [2]


def test_a_refusal_takes_the_later_ones_of_its_key_back() -> None:
    found = backlog(ORDERED, letter(1, key="k"), letter(2, key="k"), letter(3, key="k"))
    first, second, third = take(found)
    acknowledge(found, first)
    refuse(found, second)
    assert found.find(third.ack_id) is None
    assert numbers(take(found)) == [2, 3]


def test_only_the_refused_message_counts_a_failure() -> None:
    found = backlog(ORDERED, letter(1, key="k"), letter(2, key="k"))
    refuse(found, take(found)[0])
    assert [lease.attempt for lease in take(found)] == [2, 1]


STEPS = st.lists(st.tuples(st.sampled_from(["take", "ack", "refuse", "expire"]), st.integers(0, 30)), max_size=80)


class Readers:
    """Take, settle and forget at will, and note what was settled."""

    def __init__(self, found: Backlog) -> None:
        self.backlog = found
        self.now = 0.0
        self.settled: list[int] = []
        self._held: list[Lease] = []

    def do(self, action: str, choice: int) -> None:
        if action == "take":
            self._held += take(self.backlog, now=self.now, limit=1 + choice % 4)
        elif action == "expire":
            self.expire()
        elif self._held:
            self.settle(self._held.pop(choice % len(self._held)), is_done=action == "ack")

    def expire(self) -> None:
        self.now += 11
        for entry in self.backlog.expired(self.now):
            if entry.lease:
                self.backlog.refuse(entry, now=self.now)

    def settle(self, lease: Lease, *, is_done: bool) -> None:
        entry = self.backlog.find(lease.ack_id)
        if entry and is_done:
            self.backlog.acknowledge(entry)
            self.settled.append(lease.letter.number)
        elif entry:
            self.backlog.refuse(entry, now=self.now)

    def finish(self) -> list[int]:
        before = len(self.settled)
        self.expire()
        while leases := take(self.backlog, now=self.now):
            for lease in leases:
                self.settle(lease, is_done=True)
        return self.settled[before:]


@given(st.lists(st.sampled_from(["", "a", "b"]), min_size=1, max_size=12), STEPS, st.sampled_from([ORDERED, PUSHED]))
def test_whatever_happens_nothing_is_lost_and_what_is_left_of_a_key_comes_in_order(
    keys: list[str], steps: list[tuple[str, int]], terms: Terms
) -> None:
    readers = Readers(backlog(terms, *(letter(number, key=key) for number, key in enumerate(keys))))
    for action, choice in steps:
        readers.do(action, choice)
    rest = readers.finish()
    assert sorted(readers.settled) == list(range(len(keys)))
    assert readers.backlog.held_by(0) == (0, 0)
    for key in ("a", "b"):
        line = [number for number in rest if keys[number] == key]
        assert line == sorted(line)


def test_a_dead_letter_keeps_its_data_and_says_where_it_came_from() -> None:
    source = Letter(1, NOON, b"\x00", {"target": "staging"}, "k")
    subscription = "projects/p/subscriptions/reader"
    buried = dead_letter(source, subscription=subscription, deliveries=5, number=2, now=NOON)
    assert (buried.number, buried.data, buried.key) == (2, b"\x00", "k")
    assert buried.attributes == {
        "target": "staging",
        "CloudPubSubDeadLetterSourceDeliveryCount": "5",
        "CloudPubSubDeadLetterSourceSubscription": "reader",
        "CloudPubSubDeadLetterSourceSubscriptionProject": "p",
        "CloudPubSubDeadLetterSourceTopicPublishTime": "2026-01-01T12:00:00+00:00",
    }


@pytest.mark.parametrize(("step", "end"), [(Window.succeeded, MOST), (Window.failed, FEWEST)])
def test_a_window_moves_within_its_bounds(step: object, end: int) -> None:
    window = Window()
    for _ in range(100):
        assert callable(step)
        step(window)
    assert window.size == end
