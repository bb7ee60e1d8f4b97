"""What a message's sender wrote, out of the CloudEvent that may carry it, and the release id that it gives."""

import hashlib
import re
from dataclasses import dataclass

RELEASE_ID_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}\Z")


@dataclass(frozen=True, slots=True)
class Payload:
    """The data of a message once its event is opened; a plain message has no source, id or type."""

    data: bytes
    source: str | None = None
    event_id: str | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True)
class MalformedEvent:
    """A message that announces a structured CloudEvent and does not hold one."""

    reason: str


def derived_release_id(message_id: str, payload: Payload | MalformedEvent | None = None) -> str:
    """Return the id of a release that names none: from the event's source and id, else from the message's id.

    Both stay the same when the message comes again. What a release id may not hold is hashed.
    """
    if isinstance(payload, Payload) and payload.source and payload.event_id:
        return "ce-" + _digest(payload.source, payload.event_id)
    derived = f"msg-{message_id}"
    return derived if RELEASE_ID_PATTERN.match(derived) else "msg-" + _digest(message_id)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
