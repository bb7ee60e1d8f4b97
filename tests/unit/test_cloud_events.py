"""CloudEvents inside Pub/Sub messages, and the identity they give a release."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.cloud_events import open_message
from interlock.domain.requests.message import Message
from interlock.domain.requests.payload import RELEASE_ID_PATTERN, MalformedEvent, Payload, derived_release_id
from tests.messages import delivered

EVENT = {"specversion": "1.0", "id": "7", "source": "//ci", "type": "build"}
EVENT_ATTRIBUTES = [
    f"ce-{name}" for name in ("specversion", "id", "source", "type", "time", "data", "extensions", "datacontenttype")
]
STRUCTURED = {"content-type": "application/cloudevents+json"}


def message(data: bytes = b"{}", message_id: str = "4711", **attributes: str) -> Message:
    return Message(message_id, datetime(2026, 3, 4, tzinfo=UTC), data, attributes)


def structured(content_type: str = "application/cloudevents+json", **event_keys: object) -> Payload | MalformedEvent:
    data = json.dumps({**EVENT, **event_keys}).encode()
    return open_message(replace(message(data), attributes={"content-type": content_type}))


def test_a_plain_message_is_its_own_payload() -> None:
    assert open_message(message(b"anything", team="web")) == Payload(b"anything")


def test_binary_and_structured_mode_open_to_one_payload_and_one_identity() -> None:
    first, second = delivered("cloud-event-binary"), delivered("cloud-event-structured")
    one, other = open_message(first), open_message(second)
    assert isinstance(one, Payload)
    assert isinstance(other, Payload)
    assert json.loads(one.data) == json.loads(other.data)
    assert (one.source, one.event_id, one.type) == (other.source, other.event_id, other.type)
    identity = derived_release_id(first.message_id, one)
    assert identity == derived_release_id(second.message_id, other)
    assert identity.startswith("ce-")


def test_a_structured_payload_may_be_base64() -> None:
    opened = open_message(delivered("cloud-event-structured-base64"))
    assert isinstance(opened, Payload)
    assert json.loads(opened.data)["release_version"] == "1.2.4"


def test_the_content_type_may_carry_parameters_and_any_case() -> None:
    attributes = {"Content-Type": "Application/CloudEvents+JSON; charset=utf-8"}
    assert open_message(replace(message(json.dumps(EVENT).encode()), attributes=attributes)) == Payload(
        b"", "//ci", "7", "build"
    )


def test_a_text_of_another_media_type_is_taken_as_it_is() -> None:
    opened = structured(data="release: 1", datacontenttype="text/yaml")
    assert isinstance(opened, Payload)
    assert opened.data == b"release: 1"


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"id": None}, "the CloudEvent lacks id"),
        ({"id": "", "source": 7}, "the CloudEvent lacks id, source"),
        ({"specversion": "0.3"}, "the CloudEvent is not of specversion 1.0"),
        ({"data": {}, "data_base64": "e30="}, "the CloudEvent has data and data_base64"),
        ({"data_base64": "e30"}, "the CloudEvent's data_base64 is not base64"),
        ({"data_base64": 5}, "the CloudEvent's data_base64 is not a text"),
    ],
)
def test_a_structured_event_that_breaks_a_rule_says_which(keys: dict[str, Any], reason: str) -> None:
    assert structured(**keys) == MalformedEvent(reason)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{", "the CloudEvent is not JSON"),
        (b"\xff", "the CloudEvent is not JSON"),
        (b"[" * 100_000, "the CloudEvent is not JSON"),
        (b"[]", "the CloudEvent is not an object"),
        (b'{"id": "1", "id": "2"}', "the CloudEvent names a key twice"),
    ],
)
def test_a_structured_event_that_is_no_json_object_says_so(data: bytes, reason: str) -> None:
    assert open_message(replace(message(data), attributes=STRUCTURED)) == MalformedEvent(reason)


@pytest.mark.parametrize("media_type", ["application/cloudevents-batch+json", "application/cloudevents+avro"])
def test_batches_and_other_formats_are_refused(media_type: str) -> None:
    assert isinstance(structured(media_type), MalformedEvent)


def test_a_key_named_twice_within_the_data_is_not_lost() -> None:
    data = json.dumps(EVENT)[:-1].encode() + b', "data": {"a": 1, "a": 2}}'
    assert open_message(replace(message(data), attributes=STRUCTURED)) == MalformedEvent(
        "the CloudEvent names a key twice"
    )


def test_the_event_s_identity_comes_before_the_message_s() -> None:
    payload = Payload(b"", "//ci", "7", None)
    assert derived_release_id("4711", payload).startswith("ce-")
    assert derived_release_id("4711", replace(payload, source=None)) == "msg-4711"
    assert derived_release_id("4711", None) == "msg-4711"


def test_source_and_id_are_not_merely_joined() -> None:
    one, other = Payload(b"", "//ci/a", "b", None), Payload(b"", "//ci/", "ab", None)
    assert derived_release_id("4711", one) != derived_release_id("4711", other)


@settings(deadline=None)
@given(message_id=st.text(min_size=1), source=st.none() | st.text(), event_id=st.none() | st.text())
def test_every_derived_identity_is_a_valid_release_id(
    message_id: str, source: str | None, event_id: str | None
) -> None:
    derived = derived_release_id(message_id, Payload(b"", source, event_id))
    assert RELEASE_ID_PATTERN.match(derived)


def test_half_a_surrogate_pair_in_an_event_does_not_raise() -> None:
    opened = structured(source="\ud800", data="\ud800", datacontenttype="text/plain")
    assert isinstance(opened, Payload)
    assert derived_release_id("4711", opened).startswith("ce-")


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.0.2"])
def test_a_later_minor_version_is_read_alike_in_both_modes(version: str) -> None:
    one = structured(specversion=version)
    attributes = {f"ce-{key}": str(value) for key, value in {**EVENT, "specversion": version}.items()}
    assert one == open_message(replace(message(b""), attributes=attributes)) == Payload(b"", "//ci", "7", "build")


def test_what_a_binary_event_lacks_is_absent_and_never_invented() -> None:
    assert open_message(replace(message(), attributes={"ce-source": "//ci"})) == Payload(b"{}", source="//ci")
    assert open_message(replace(message(), attributes={"ce-id": "", "ce-type": "build"})) == Payload(
        b"{}", type="build"
    )


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(EVENT_ATTRIBUTES) | st.text(max_size=5).map("ce-".__add__), st.text()), st.binary()
)
def test_no_binary_event_whatever_raises_or_changes_its_data(attributes: dict[str, str], data: bytes) -> None:
    opened = open_message(replace(message(data), attributes=attributes))
    assert isinstance(opened, Payload)
    assert opened.data == data


@settings(deadline=None)
@given(st.binary() | st.text().map(str.encode))
def test_no_structured_event_whatever_raises(data: bytes) -> None:
    assert isinstance(open_message(replace(message(data), attributes=STRUCTURED)), Payload | MalformedEvent)


@settings(deadline=None)
@given(st.recursive(st.none() | st.floats() | st.integers() | st.text(), st.lists))
def test_any_data_survives_structured_mode(data: object) -> None:
    opened = structured(data=data)
    assert isinstance(opened, Payload)
    assert opened.data == (b"" if data is None else json.dumps(data, separators=(",", ":")).encode())
