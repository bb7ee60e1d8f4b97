"""The messages that the functions load are the official libraries' own, field for field and byte for byte."""

from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf.message_factory import GetMessageClass

from interlock.google_rpc import message_type
from tests.performance.google_messages import MODULE, descriptors, module

OFFICIAL = {descriptor.full_name: descriptor for descriptor in descriptors()}


def test_the_file_is_what_the_locked_libraries_define() -> None:
    assert module() == MODULE.read_text(), "python -m tests.performance.google_messages"


@pytest.mark.parametrize("name", list(OFFICIAL))
def test_every_field_is_sent_and_read_as_the_official_message_has_it(name: str) -> None:
    """Each side reads what the other wrote, with nothing left unknown, through all that the message holds."""
    filled = _filled(OFFICIAL[name])
    assert filled.ListFields()
    read = message_type(name).FromString(filled.SerializeToString())
    assert str(read) == str(filled)
    assert type(filled).FromString(read.SerializeToString()) == filled


def test_a_message_that_was_not_taken_out_is_an_error() -> None:
    with pytest.raises(KeyError, match=r"google\.pubsub\.v1\.Topic"):
        message_type("google.pubsub.v1.Topic")


def test_ours_and_the_official_ones_live_in_one_process() -> None:
    ours = message_type("google.pubsub.v1.PubsubMessage")(data=b"x")
    ours.publish_time.FromDatetime(datetime(2026, 3, 1, tzinfo=UTC))
    assert ours.publish_time.ToDatetime(UTC).year == 2026


def _filled(kind: Any, depth: int = 4) -> Any:
    """Return a message of this kind with every field set, of a union the last."""
    found = GetMessageClass(kind)()
    for field in kind.fields:
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            _put_entry(getattr(found, field.name), field.message_type.fields_by_name["value"], depth)
        elif field.message_type is None:
            _put_scalar(found, field)
        elif depth:
            held = getattr(found, field.name)
            (held.add() if field.is_repeated else held).CopyFrom(_filled(field.message_type, depth - 1))
    return found


def _put_scalar(message: Any, field: Any) -> None:
    if field.is_repeated:
        getattr(message, field.name).append(_scalar(field))
    else:
        setattr(message, field.name, _scalar(field))


def _put_entry(entries: Any, value: Any, depth: int) -> None:
    if value.message_type is None:
        entries["key"] = _scalar(value)
    elif depth:
        entries["key"].CopyFrom(_filled(value.message_type, depth - 1))


def _scalar(field: Any) -> Any:
    if field.enum_type is not None:
        return field.enum_type.values[-1].number
    return {field.TYPE_STRING: "text", field.TYPE_BYTES: b"bytes", field.TYPE_BOOL: True}.get(field.type, 7)
