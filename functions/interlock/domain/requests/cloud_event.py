"""Opens the CloudEvent that a Pub/Sub message may be, and derives the identity of its release.

The Pub/Sub binding knows two modes: binary (`ce-*` attributes, the data is the payload) and structured
(attribute `content-type` starting `application/cloudevents`, the data is the event). All else is plain.
https://github.com/googleapis/google-cloudevents/blob/main/docs/spec/pubsub.md
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from interlock.domain.json_access import text_at
from interlock.domain.requests.message import Message

RELEASE_ID_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}\Z")
_REQUIRED = ("specversion", "id", "source", "type")
_STRUCTURED = "application/cloudevents"


@dataclass(frozen=True, slots=True)
class Payload:
    """What a message says once its event is opened; a plain message has no source, id or type."""

    data: bytes
    source: str | None = None
    event_id: str | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True)
class MalformedEvent:
    """A message that announces a structured CloudEvent and does not hold one."""

    reason: str


class _DuplicateKeyError(ValueError):
    """Raised inside the JSON parser: the last of two equal keys must not win unseen."""


def open_message(message: Message) -> Payload | MalformedEvent:
    """The payload of a message in whichever mode it was sent."""
    media_type = _media_type(message.attributes)
    if media_type.startswith(_STRUCTURED):
        return _open_structured(media_type, message.data)
    attributes = message.attributes
    return Payload(message.data, *(attributes.get(f"ce-{name}") or None for name in ("source", "id", "type")))


def message_release_id(message: Message, payload: Payload | None, *, release_id: str | None) -> str:
    """The release's identity: its own id, else the event's source and id, else the Pub/Sub message's id.

    Derived ids are hashed where the original may hold what a release id may not.
    """
    if release_id is not None:
        return release_id
    if payload is not None and payload.source and payload.event_id:
        return "ce-" + _digest(payload.source, payload.event_id)
    derived = f"msg-{message.message_id}"
    return derived if RELEASE_ID_PATTERN.match(derived) else "msg-" + _digest(message.message_id)


def _media_type(attributes: Mapping[str, str]) -> str:
    """The content type without its parameters; people write the attribute's name in both cases."""
    content_type = next((value for key, value in attributes.items() if key.lower() == "content-type"), "")
    return content_type.partition(";")[0].strip().lower()


def _open_structured(media_type: str, data: bytes) -> Payload | MalformedEvent:
    if media_type not in {_STRUCTURED, f"{_STRUCTURED}+json"}:
        return MalformedEvent(f"a CloudEvent of content type {media_type[:120]!r} is not supported, use JSON")
    try:
        event = json.loads(data, object_pairs_hook=_unique)
        return _payload(event) if isinstance(event, dict) else MalformedEvent("the CloudEvent is not an object")
    except _DuplicateKeyError:
        return MalformedEvent("the CloudEvent names a key twice")
    except (ValueError, RecursionError):
        return MalformedEvent("the CloudEvent is not JSON")


def _payload(event: Mapping[str, object]) -> Payload | MalformedEvent:
    missing = [name for name in _REQUIRED if text_at(event, name) is None]
    if missing:
        return MalformedEvent(f"the CloudEvent lacks {', '.join(missing)}")
    if not str(event["specversion"]).startswith("1."):
        return MalformedEvent("the CloudEvent is not of specversion 1.0")
    data = _event_data(event)
    if isinstance(data, MalformedEvent):
        return data
    return Payload(data, text_at(event, "source"), text_at(event, "id"), text_at(event, "type"))


def _event_data(event: Mapping[str, object]) -> bytes | MalformedEvent:
    """The event's data as bytes: base64 decoded, a text of another media type as is, all else JSON again."""
    encoded, data = event.get("data_base64"), event.get("data")
    if encoded is not None:
        return _decoded(encoded) if data is None else MalformedEvent("the CloudEvent has data and data_base64")
    if data is None:
        return b""
    if isinstance(data, str) and "json" not in (text_at(event, "datacontenttype") or "json").lower():
        return data.encode("utf-8", "surrogatepass")
    return json.dumps(data, separators=(",", ":")).encode()


def _decoded(encoded: object) -> bytes | MalformedEvent:
    try:
        return (
            base64.b64decode(encoded, validate=True)
            if isinstance(encoded, str)
            else MalformedEvent("the CloudEvent's data_base64 is not a text")
        )
    except (binascii.Error, ValueError):
        return MalformedEvent("the CloudEvent's data_base64 is not base64")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        raise _DuplicateKeyError
    return unique


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
