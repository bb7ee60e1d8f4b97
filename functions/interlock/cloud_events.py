"""CloudEvents as HTTP and Pub/Sub carry them, read and written by the CloudEvents SDK; nothing else imports it.

The bindings know two modes: binary (`ce-*` headers or attributes, the body is the data) and structured (content type
`application/cloudevents`, the body is the event). A message without either is plain.
https://github.com/googleapis/google-cloudevents/blob/main/docs/spec/pubsub.md
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping

from cloudevents.conversion import to_binary
from cloudevents.http import CloudEvent, from_dict, from_http

from interlock.domain.json_access import map_at, read_object, text_at
from interlock.domain.releases.model import StatusEvent
from interlock.domain.requests.delivery import MESSAGE_PUBLISHED, Delivery, Envelope, Unreadable, read_delivery
from interlock.domain.requests.message import Message
from interlock.domain.requests.payload import MalformedEvent, Payload
from interlock.ports import OutgoingMessage

_STRUCTURED = "application/cloudevents"
_REQUIRED = ("specversion", "id", "source", "type")
_READ = ("id", "source", "type", "time")
_FILTERS = ("release_id", "state", "outcome", "target_env", "service")


class _DuplicateKeyError(ValueError):
    """Raised inside the JSON parser: the last of two equal keys must not win unseen."""


def parse_delivery(headers: Mapping[str, str], body: bytes) -> Delivery:
    """Read one request of the platform; header names in any case, never an exception."""
    lowered = {name.lower(): value for name, value in headers.items()}
    is_structured, is_binary = _media_type(lowered).startswith(_STRUCTURED), _is_binary(lowered)
    document = read_object(body)
    if document is None:
        return Unreadable("the body is not a JSON object")
    if is_structured:
        return read_delivery(_envelope(_read_structured(document, map_at(document, "data"))))
    if is_binary:
        typed = {**lowered, "ce-type": lowered.get("ce-type") or MESSAGE_PUBLISHED}
        return read_delivery(_envelope(_read_binary(typed, body, lambda _: document)))
    return read_delivery(Envelope(MESSAGE_PUBLISHED, None, None, document))


def open_message(message: Message) -> Payload | MalformedEvent:
    """Return the payload of a message in whichever mode it was sent."""
    media_type = _media_type(message.attributes)
    if media_type.startswith(_STRUCTURED):
        return _open_structured(media_type, message.data)
    if not _is_binary(message.attributes):
        return Payload(message.data)
    return _payload(_read_binary(message.attributes, message.data))


def status_event_message(event: StatusEvent) -> OutgoingMessage:
    """Return the event as a message: binary mode, plain attributes for subscription filters, ordered by release."""
    attributes = {
        "specversion": "1.0",
        "type": event.type,
        "source": event.source,
        "subject": event.subject,
        "id": event.id,
        "time": event.time.isoformat(),
        "datacontenttype": "application/json",
    }
    body = json.dumps(dict(event.data), ensure_ascii=False).encode()
    headers, data = to_binary(CloudEvent(attributes, body), data_marshaller=_as_it_is)
    filters = {key: str(event.data[key]) for key in _FILTERS if key in event.data}
    return OutgoingMessage(data=data, attributes={**headers, **filters}, ordering_key=event.subject)


def _envelope(event: CloudEvent) -> Envelope:
    return Envelope(event["type"], event["id"] or None, event["time"] or None, map_at(event.get_data()))


def _is_binary(attributes: Mapping[str, str]) -> bool:
    """Whether the attributes are an event's; the SDK asks for all that are required, and we read what is there."""
    return any(name.startswith("ce-") for name in attributes)


def _media_type(attributes: Mapping[str, str]) -> str:
    """Return the content type without its parameters; people write the attribute's name in both cases."""
    content_type = next((value for key, value in attributes.items() if key.lower() == "content-type"), "")
    return content_type.partition(";")[0].strip().lower()


def _as_it_is(data: bytes) -> bytes:
    return data


def _read_binary(
    headers: Mapping[str, str], body: bytes, unmarshal: Callable[[bytes], object] = _as_it_is
) -> CloudEvent:
    """Read what we use of an event; an attribute that is missing counts as empty, where the SDK would raise or invent.

    Any 1.x is read as the 1.0 that the SDK knows, since a minor version may only add.
    """
    used = {f"ce-{name}": headers.get(f"ce-{name}") or "" for name in _READ}
    return from_http({"ce-specversion": "1.0", **used}, body, data_unmarshaller=unmarshal)


def _read_structured(document: Mapping[str, object], data: object) -> CloudEvent:
    """Read what we use of an event whose JSON is parsed already: an outer one leniently, a request's strictly."""
    used = {name: text_at(document, name) or "" for name in _READ}
    return from_dict({"specversion": "1.0", **used, "data": data})


def _payload(event: CloudEvent) -> Payload:
    return Payload(event.get_data() or b"", event["source"] or None, event["id"] or None, event["type"] or None)


def _open_structured(media_type: str, data: bytes) -> Payload | MalformedEvent:
    if media_type not in {_STRUCTURED, f"{_STRUCTURED}+json"}:
        return MalformedEvent(f"a CloudEvent of content type {media_type[:120]!r} is not supported, use JSON")
    try:
        document = json.loads(data, object_pairs_hook=_unique)
        return (
            _payload_of(document) if isinstance(document, dict) else MalformedEvent("the CloudEvent is not an object")
        )
    except _DuplicateKeyError:
        return MalformedEvent("the CloudEvent names a key twice")
    except (ValueError, RecursionError):
        return MalformedEvent("the CloudEvent is not JSON")


def _payload_of(document: Mapping[str, object]) -> Payload | MalformedEvent:
    missing = [name for name in _REQUIRED if text_at(document, name) is None]
    if missing:
        return MalformedEvent(f"the CloudEvent lacks {', '.join(missing)}")
    if not str(document["specversion"]).startswith("1."):
        return MalformedEvent("the CloudEvent is not of specversion 1.0")
    data = _data_of(document)
    return data if isinstance(data, MalformedEvent) else _payload(_read_structured(document, data))


def _data_of(document: Mapping[str, object]) -> bytes | MalformedEvent:
    """Return the data as bytes: base64 decoded, a text of another media type as it is, all else as JSON again.

    The SDK takes broken base64 for what is left of it, and either of `data` and `data_base64` for the whole.
    """
    encoded, data = document.get("data_base64"), document.get("data")
    if encoded is not None:
        return _decoded(encoded) if data is None else MalformedEvent("the CloudEvent has data and data_base64")
    if data is None:
        return b""
    if isinstance(data, str) and "json" not in (text_at(document, "datacontenttype") or "json").lower():
        return data.encode("utf-8", "surrogatepass")
    return json.dumps(data, separators=(",", ":")).encode()


def _decoded(encoded: object) -> bytes | MalformedEvent:
    if not isinstance(encoded, str):
        return MalformedEvent("the CloudEvent's data_base64 is not a text")
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return MalformedEvent("the CloudEvent's data_base64 is not base64")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        raise _DuplicateKeyError
    return unique
