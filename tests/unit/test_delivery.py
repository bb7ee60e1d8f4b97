"""What an HTTP request delivered."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.cloud_events import parse_delivery
from interlock.domain.requests.delivery import (
    AUDIT_LOG_WRITTEN,
    MESSAGE_PUBLISHED,
    AuditLogDelivery,
    PubSubDelivery,
    Unreadable,
    log_entry,
)
from interlock.domain.requests.message import Message
from tests.events.load import event, names

RELEASES = [name for name in names("push-") if name not in {"push-attributes-only", "push-maintenance"}]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
ENVELOPES = st.fixed_dictionaries(
    {},
    optional={
        "message": st.fixed_dictionaries(
            {},
            optional={
                key: st.text() | JSON
                for key in (
                    "data",
                    "attributes",
                    "messageId",
                    "message_id",
                    "publishTime",
                    "publish_time",
                    "orderingKey",
                )
            },
        )
        | JSON,
        "subscription": JSON,
        "deliveryAttempt": JSON,
        "type": st.sampled_from([MESSAGE_PUBLISHED, AUDIT_LOG_WRITTEN, "other"]) | JSON,
        "data": JSON,
    },
)
HEADERS = st.dictionaries(st.sampled_from(["ce-type", "CE-Type", "ce-id", "content-type", "ce-time"]), st.text()) | (
    st.fixed_dictionaries(
        {},
        optional={
            "ce-type": st.sampled_from([MESSAGE_PUBLISHED, AUDIT_LOG_WRITTEN]),
            "Content-Type": st.sampled_from(["application/json", "application/cloudevents+json"]),
            "ce-time": st.sampled_from(["2026-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31"]),
        },
    )
)


def pushed(headers: Mapping[str, str] | None = None, subscription: object = "s", **message: object) -> object:
    body = {
        "message": {"messageId": "1", "publishTime": "2026-03-04T09:15:30Z", **message},
        "subscription": subscription,
    }
    return parse_delivery(headers or {}, json.dumps(body).encode())


def message_in(delivery: object) -> Message:
    assert isinstance(delivery, PubSubDelivery)
    return delivery.message


@pytest.mark.parametrize("name", [*RELEASES, *names("eventarc-message")])
def test_every_envelope_of_a_message_yields_the_same_message(name: str) -> None:
    message = message_in(parse_delivery(*event(name)))
    assert json.loads(message.data)["release_version"] == "1.2.4"
    assert message.message_id.startswith("90000000000000")
    assert message.publish_time == datetime(2026, 3, 4, 9, 15, 30, 123000, tzinfo=UTC)
    assert message.subscription is not None


def test_a_message_of_attributes_only_has_no_data() -> None:
    message = message_in(parse_delivery(*event("push-attributes-only")))
    assert (message.data, message.attributes) == (b"", {"requested_by": "ci"})


def test_the_delivery_attempt_and_the_ordering_key_are_told_where_there_are_any() -> None:
    assert message_in(parse_delivery(*event("push-delivery-attempt"))).delivery_attempt == 3
    assert message_in(parse_delivery(*event("push-ordering-key"))).ordering_key == "staging/default"
    plain = message_in(parse_delivery(*event("push-both-spellings")))
    assert (plain.delivery_attempt, plain.ordering_key) == (None, None)


def test_the_data_arrives_byte_for_byte() -> None:
    assert message_in(pushed(data="AP8KIg==")).data == b'\x00\xff\n"'


def test_header_names_are_read_in_any_case() -> None:
    headers, body = event("completion-succeeded")
    assert isinstance(parse_delivery({name.upper(): value for name, value in headers.items()}, body), AuditLogDelivery)


@pytest.mark.parametrize("name", ["completion-succeeded", "completion-succeeded-structured"])
def test_an_audit_event_brings_its_entry_and_an_id_that_redelivery_keeps(name: str) -> None:
    delivery = parse_delivery(*event(name))
    assert isinstance(delivery, AuditLogDelivery)
    assert delivery.event_id is not None
    assert delivery.event_id.startswith("projects/acme-releases/logs/")
    assert delivery.entry["insertId"] == "1k2j3h4g5f"


@pytest.mark.parametrize("name", names("completion-succeeded"))
def test_a_log_entry_is_found_whichever_way_it_came(name: str) -> None:
    delivery = parse_delivery(*event(name))
    assert not isinstance(delivery, Unreadable)
    entry = log_entry(delivery)
    assert not isinstance(entry, Unreadable)
    assert entry["insertId"] == "1k2j3h4g5f"


def test_a_message_that_holds_no_log_entry_is_unreadable_as_one() -> None:
    delivery = pushed(data="bm90IGpzb24=")
    assert isinstance(delivery, PubSubDelivery)
    assert log_entry(delivery) == Unreadable("the message's data is not a log entry")


def test_the_event_s_time_stands_in_for_a_missing_publish_time() -> None:
    message = message_in(
        pushed({"ce-type": MESSAGE_PUBLISHED, "ce-time": "2026-01-02T03:04:05+01:00"}, publishTime=None)
    )
    assert message.publish_time == datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"messageId": None}, "there is no message with an id"),
        ({"messageId": 7}, "there is no message with an id"),
        ({"publishTime": None}, "the message has no publish time"),
        ({"publishTime": "yesterday"}, "the message has no publish time"),
        ({"publishTime": "2026-03-04T09:15:30"}, "the message has no publish time"),
        ({"data": "not base64!"}, "the message's data is not base64"),
        ({"data": "YW!Jj"}, "the message's data is not base64"),
        ({"data": "YQ"}, "the message's data is not base64"),
        ({"data": {"a": 1}}, "the message's data is not base64"),
        ({"attributes": ["a"]}, "the message's attributes are not a map of texts"),
        ({"attributes": {"a": 1}}, "the message's attributes are not a map of texts"),
    ],
)
def test_a_damaged_message_is_unreadable_with_its_reason(message: dict[str, Any], reason: str) -> None:
    assert pushed(**message) == Unreadable(reason)


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"\xff\xfe", b"{", b"[" * 100_000, b'{"a":' + b"9" * 5000 + b"}"]
)
def test_a_body_that_is_no_object_is_unreadable(body: bytes) -> None:
    assert parse_delivery({}, body) == Unreadable("the body is not a JSON object")


def test_an_event_of_another_type_is_unreadable() -> None:
    delivery = parse_delivery({"ce-type": "google.cloud.storage.object.v1.finalized"}, b"{}")
    assert delivery == Unreadable("events of type 'google.cloud.storage.object.v1.finalized' are not ours")


@settings(deadline=None)
@given(headers=HEADERS, body=st.binary() | ENVELOPES.map(lambda envelope: json.dumps(envelope).encode()))
def test_no_request_whatever_raises(headers: dict[str, str], body: bytes) -> None:
    delivery = parse_delivery(headers, body)
    assert isinstance(delivery, PubSubDelivery | AuditLogDelivery | Unreadable)
    assert isinstance(delivery, Unreadable) or log_entry(delivery) is not None


@settings(deadline=None)
@given(st.binary(), st.dictionaries(st.text(), st.text(), max_size=3))
def test_data_and_attributes_survive_any_envelope(data: bytes, attributes: dict[str, str]) -> None:
    message = message_in(pushed(data=base64.b64encode(data).decode(), attributes=attributes))
    assert (message.data, message.attributes) == (data, attributes)
