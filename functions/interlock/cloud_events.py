"""CloudEvents as Pub/Sub carries them."""

import json

from interlock.domain.releases.model import StatusEvent
from interlock.ports import OutgoingMessage

_FILTERS = ("release_id", "state", "outcome", "target_env", "service")


def status_event_message(event: StatusEvent) -> OutgoingMessage:
    """Return the event as a message: binary mode, plain attributes for subscription filters, ordered by release."""
    return OutgoingMessage(
        data=json.dumps(dict(event.data), ensure_ascii=False).encode(),
        attributes={
            "content-type": "application/json",
            "ce-specversion": "1.0",
            "ce-type": event.type,
            "ce-source": event.source,
            "ce-subject": event.subject,
            "ce-id": event.id,
            "ce-time": event.time.isoformat(),
            **{key: str(event.data[key]) for key in _FILTERS if key in event.data},
        },
        ordering_key=event.subject,
    )
