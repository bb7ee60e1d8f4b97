"""Dead letters of both origins, and the incidents they make."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.cloud_events import open_message
from interlock.domain.dead_letters.dead_letter import (
    DeadLetter,
    Incident,
    dead_letter_attributes,
    note_repeat,
    original_attributes,
)
from interlock.domain.dead_letters.grouping import fingerprint, normalised_error
from interlock.domain.requests.message import Message
from interlock.domain.requests.payload import derived_release_id
from tests.messages import dead_letter_in, delivered

NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)
REQUEST = json.dumps({"release_id": "web-1.2.4", "target_env": "prod", "service": "web"}).encode()
TEXTS = st.dictionaries(st.text(), st.text(), max_size=4)
SOURCE = "CloudPubSubDeadLetterSource"


def message(
    data: bytes = REQUEST,
    attributes: Mapping[str, str] | None = None,
    *,
    message_id: str = "1",
    attempt: int | None = None,
) -> Message:
    return Message(message_id, datetime(2026, 3, 4, 9, tzinfo=UTC), data, attributes or {}, delivery_attempt=attempt)


def forwarded(original: Message, error: str = "no such job", *, message_id: str = "2") -> Message:
    marks = dead_letter_attributes(original, reason="job_not_found", stage="dispatch_release", error=error)
    return Message(message_id, NOW, original.data, marks)


def in_file(name: str) -> DeadLetter:
    return dead_letter_in(delivered(name))


def test_a_dead_letter_from_pubsub_says_where_and_how_often_it_was_tried() -> None:
    dead_letter = in_file("dead-letter-pubsub-offset-time")
    assert (dead_letter.origin, dead_letter.reason, dead_letter.stage) == (
        "pubsub",
        "delivery_exhausted",
        "dispatch_release",
    )
    assert dead_letter.delivery_count == 5
    assert dead_letter.source_subscription == "projects/acme-releases/subscriptions/dispatch-release"
    assert dead_letter.publish_time == datetime(2026, 3, 4, 9, 15, 30, 123000, tzinfo=UTC)
    assert (dead_letter.release_id, dead_letter.target_env, dead_letter.service) == ("web-1.2.4", "prod", "web")
    assert dead_letter.attributes["team"] == "payments"


def test_a_message_that_pubsub_forwards_twice_is_one_dead_letter() -> None:
    first, second = in_file("dead-letter-pubsub-offset-time"), in_file("dead-letter-pubsub-z-time")
    assert first.message_id != second.message_id
    assert first.dead_letter_id == second.dead_letter_id
    assert first.fingerprint == second.fingerprint


def test_a_dead_letter_from_interlock_says_why() -> None:
    dead_letter = in_file("dead-letter-interlock")
    assert (dead_letter.origin, dead_letter.reason, dead_letter.stage) == (
        "interlock",
        "job_not_found",
        "dispatch_release",
    )
    assert dead_letter.error is not None
    assert dead_letter.error.startswith("404 Job projects/")
    assert (dead_letter.route, dead_letter.delivery_count) == ("production", 1)
    assert dead_letter.message_id == "9000000000000099"


def test_a_dead_letter_with_only_the_three_attributes_is_read() -> None:
    dead_letter = in_file("dead-letter-interlock-minimal")
    assert (dead_letter.origin, dead_letter.reason) == ("interlock", "schema")
    assert (dead_letter.release_id, dead_letter.route, dead_letter.delivery_count) == (None, None, None)


def test_a_dead_letter_that_somebody_published_is_read() -> None:
    dead_letter = in_file("dead-letter-direct")
    assert (dead_letter.origin, dead_letter.reason, dead_letter.stage) == ("direct", "unknown", "unknown")


def test_a_forwarded_cloud_event_keeps_the_identity_of_its_release() -> None:
    dead_letter = in_file("dead-letter-interlock-cloud-event")
    original = delivered("cloud-event-binary")
    assert dead_letter.release_id == derived_release_id(original.message_id, open_message(original))
    assert dead_letter.release_id.startswith("ce-")


def test_a_message_without_a_release_id_keeps_its_identity_when_forwarded() -> None:
    original = message(b"{}", message_id="4711")
    dead_letter = dead_letter_in(forwarded(original))
    assert dead_letter.release_id == derived_release_id("4711")


def test_forwarding_keeps_data_and_attributes_whole() -> None:
    original = message(b"\x00\xff", {"team": "web", "ce-id": "7"}, attempt=3)
    copy = forwarded(original)
    assert copy.data == original.data
    assert original_attributes(copy.attributes) == original.attributes
    dead_letter = dead_letter_in(copy)
    assert (dead_letter.message_id, dead_letter.publish_time, dead_letter.delivery_count) == (
        "1",
        original.publish_time,
        3,
    )


def test_a_message_forwarded_twice_by_us_is_one_dead_letter_and_two_messages_are_two() -> None:
    one, other = message(message_id="1"), message(message_id="3")
    first, again = dead_letter_in(forwarded(one)), dead_letter_in(forwarded(one, message_id="9"))
    assert first.dead_letter_id == again.dead_letter_id
    assert first.dead_letter_id != dead_letter_in(forwarded(other)).dead_letter_id


def test_a_replayed_message_that_fails_again_carries_only_its_latest_marks() -> None:
    first = message(attributes=dead_letter_attributes(message(), reason="a", stage="b", error="c", route="production"))
    again = forwarded(replace(first, message_id="5"), "quite another error")
    assert "interlock-route" not in again.attributes
    assert again.attributes["interlock-error"] == "quite another error"
    assert again.attributes["interlock-message-id"] == "5"


def test_credentials_never_leave_in_a_forwarded_error() -> None:
    assert forwarded(message(), "token=hunter2").attributes["interlock-error"] == "token=[redacted]"
    unredacted = message(attributes={"interlock-reason": "schema", "interlock-error": "token=hunter2"})
    assert dead_letter_in(unredacted).error == "token=[redacted]"


def test_an_error_cannot_steer_a_terminal() -> None:
    coloured = message(attributes={"interlock-reason": "schema", "interlock-error": "\x1b[31mred"})
    assert dead_letter_in(coloured).error == "\ufffd[31mred"


@settings(deadline=None)
@given(attributes=st.dictionaries(st.text(max_size=9), st.text(max_size=9), max_size=120), error=st.text(max_size=2000))
def test_forwarding_stays_within_the_limits_of_pubsub(attributes: dict[str, str], error: str) -> None:
    marks = forwarded(message(attributes={**attributes, "googclient_x": "1"}), error).attributes
    assert len(marks) <= 100
    assert all(len(value.encode()) <= 1024 for value in marks.values())
    assert not any(key.startswith("goog") for key in marks)
    assert marks["interlock-reason"] == "job_not_found"


def test_a_message_with_as_many_attributes_as_it_may_have_can_still_be_forwarded() -> None:
    marks = forwarded(message(attributes={f"key-{number:03}": "x" for number in range(100)})).attributes
    assert len(marks) == 100
    assert {"interlock-reason", "interlock-stage", "interlock-error", "interlock-message-id"} <= marks.keys()


def test_a_long_error_of_wide_letters_is_cut_between_letters() -> None:
    assert forwarded(message(), "ä" * 2000).attributes["interlock-error"] == "ä" * 512


@pytest.mark.parametrize("name", ["a b", "x" * 200, "é", "-prod", "ghp_" + "a1" * 18, ""])
def test_what_is_no_plain_name_is_no_environment(name: str) -> None:
    assert dead_letter_in(message(json.dumps({"target_env": name}).encode())).target_env is None


@settings(deadline=None)
@given(data=st.binary(), attributes=TEXTS, ours=TEXTS, theirs=TEXTS)
def test_no_message_whatever_raises(
    data: bytes, attributes: dict[str, str], ours: dict[str, str], theirs: dict[str, str]
) -> None:
    marked = {
        **attributes,
        **{f"interlock-{key}": value for key, value in ours.items()},
        **{SOURCE + key: value for key, value in theirs.items()},
    }
    dead_letter = dead_letter_in(message(data, marked))
    assert (dead_letter.data, dead_letter.attributes) == (data, marked)


@settings(deadline=None)
@given(st.sampled_from(["Subscription", "SubscriptionProject", "DeliveryCount", "TopicPublishTime"]), st.text())
def test_garbled_marks_of_pubsub_are_read_as_absent(mark: str, value: str) -> None:
    dead_letter = dead_letter_in(
        message(attributes={SOURCE + "Subscription": "dispatch-release", SOURCE + mark: value})
    )
    assert dead_letter.origin == "pubsub"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("timeout after 31 s", "timeout after 7 s"),
        ("at 2026-03-04T09:15:30.1Z: gone", "at 2026-03-05 10:00:00+01:00: gone"),
        ("id 0b1c2d3e-4f50-4a61-8b72-9c8d0e1f2a3b", "id 1b1c2d3e-4f50-4a61-8b72-9c8d0e1f2a3c"),
        ("commit da39a3ee5e6b4b0d failed", "commit 5e6b4b0d3255bfef failed"),
        ('unknown key "targt_env"', 'unknown key "servce"'),
        ("at 0xdeadbeef", "at 0xcafe"),
        ("a  b\n c", "a b c"),
    ],
)
def test_errors_that_differ_only_in_particulars_are_one(one: str, other: str) -> None:
    assert normalised_error(one) == normalised_error(other)


def test_the_release_s_own_id_does_not_tell_faults_apart() -> None:
    def of(release_id: str) -> str:
        return fingerprint("schema", "dispatch", error=f"release {release_id} is bad", release_id=release_id)

    assert of("web-blue") == of("api-green")
    assert of("a") == of("b")


def test_reason_place_and_error_tell_fingerprints_apart() -> None:
    def of(reason: str, place: str, error: str) -> str:
        return fingerprint(reason, place, error=error, release_id=None)

    found = {of("a", "b", "c"), of("x", "b", "c"), of("a", "x", "c"), of("a", "b", "x"), of("a", "bc", "")}
    assert len(found) == 5


def notices(count: int, apart: timedelta) -> list[int]:
    """Return the numbers, counted from 1, of the dead letters that notify on-call."""
    dead_letter, incident, notified = in_file("dead-letter-direct"), None, []
    for number in range(1, count + 1):
        incident, notify = note_repeat(incident, dead_letter, NOW + apart * number)
        notified += [number] if notify else []
    return notified


def test_an_incident_notifies_at_the_first_the_tenth_and_the_hundredth() -> None:
    assert notices(250, timedelta(seconds=1)) == [1, 10, 100]


def test_an_incident_that_goes_on_notifies_every_four_hours() -> None:
    assert notices(9, timedelta(hours=1)) == [1, 5, 9]


def test_an_incident_counts_and_remembers_its_first_and_last_letter() -> None:
    dead_letter = in_file("dead-letter-direct")
    opened, _ = note_repeat(None, dead_letter, NOW)
    assert opened == Incident(
        fingerprint=dead_letter.fingerprint, count=1, opened_at=NOW, last_seen_at=NOW, last_notified_at=NOW
    )
    later, _ = note_repeat(opened, dead_letter, NOW + timedelta(minutes=1))
    assert (later.count, later.opened_at, later.last_seen_at) == (2, NOW, NOW + timedelta(minutes=1))


def test_a_clock_that_runs_back_does_not_turn_the_incident_back() -> None:
    dead_letter = in_file("dead-letter-direct")
    opened, _ = note_repeat(None, dead_letter, NOW)
    assert note_repeat(opened, dead_letter, NOW - timedelta(minutes=1))[0].last_seen_at == NOW
