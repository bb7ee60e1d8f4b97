"""The messages that the functions load are the official libraries' own, field for field and byte for byte."""

from datetime import UTC, datetime
from typing import Any

import pytest

from interlock.google_rpc import message_type
from tests.performance.google_messages import MODULE, descriptors, module

NAMES = [descriptor.full_name for descriptor in descriptors()]
OFFICIAL = {descriptor.full_name: descriptor for descriptor in descriptors()}


def test_the_file_is_what_the_locked_libraries_define() -> None:
    assert module() == MODULE.read_text(), "python -m tests.performance.google_messages"


@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_sent_and_read_as_the_official_message_has_it(name: str) -> None:
    """Each side reads what the other wrote, with nothing left unknown, through all that the message holds."""
    ours, official = message_type(name), OFFICIAL[name]._concrete_class
    filled = _filled(official)
    assert filled.ByteSize() > 0 or not official.DESCRIPTOR.fields
    read = ours.FromString(filled.SerializeToString())
    assert str(read) == str(filled)
    assert official.FromString(read.SerializeToString()) == filled


def test_a_message_that_was_not_taken_out_is_an_error() -> None:
    with pytest.raises(KeyError, match=r"google\.pubsub\.v1\.Topic"):
        message_type("google.pubsub.v1.Topic")


def test_ours_and_the_official_ones_live_in_one_process() -> None:
    ours = message_type("google.pubsub.v1.PubsubMessage")(data=b"x")
    ours.publish_time.FromDatetime(datetime(2026, 3, 1, tzinfo=UTC))
    assert ours.publish_time.ToDatetime(UTC).year == 2026


def _filled(message: Any, depth: int = 4) -> Any:
    """Return a message with every field set, of a union the last."""
    found = message()
    for field in message.DESCRIPTOR.fields:
        if field.message_type is None:
            value = _scalar(field)
            _put(found, field, value)
        elif field.message_type.GetOptions().map_entry:
            _entry(found, field, depth)
        elif depth:
            inner = _filled(field.message_type._concrete_class, depth - 1)
            getattr(found, field.name).add().CopyFrom(inner) if field.is_repeated else getattr(
                found, field.name
            ).CopyFrom(inner)
    return found


def _put(message: Any, field: Any, value: Any) -> None:
    if field.is_repeated:
        getattr(message, field.name).append(value)
    else:
        setattr(message, field.name, value)


def _entry(message: Any, field: Any, depth: int) -> None:
    value = field.message_type.fields_by_name["value"]
    if value.message_type is None:
        getattr(message, field.name)["key"] = _scalar(value)
    elif depth:
        getattr(message, field.name)["key"].CopyFrom(_filled(value.message_type._concrete_class, depth - 1))


def _scalar(field: Any) -> Any:
    if field.enum_type is not None:
        return field.enum_type.values[-1].number
    return {field.TYPE_STRING: "text", field.TYPE_BYTES: b"bytes", field.TYPE_BOOL: True}.get(field.type, 7)
