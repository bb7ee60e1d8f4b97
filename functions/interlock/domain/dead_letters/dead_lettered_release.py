"""The record of a message that ended on the dead-letter topic before it became a release."""

import hashlib
from datetime import datetime

from interlock.domain.dead_letters.dead_letter import DeadLetter
from interlock.domain.json_access import read_object
from interlock.domain.releases.model import Release, Result, Source, State
from interlock.domain.requests.json_body import MAX_BYTES
from interlock.domain.requests.payload import MalformedEvent, Payload, derived_release_id


def dead_lettered_release(dead_letter: DeadLetter, payload: Payload | MalformedEvent, *, now: datetime) -> Release:
    """Return the candidate that closes the message as dead_lettered, under the id its release would have had.

    A cancel or resume names another release, so it is recorded under its own message's id.
    """
    body = (read_object(payload.data) if isinstance(payload, Payload) else None) or {}
    named = None if {"cancel", "resume"} & body.keys() else dead_letter.release_id
    target = {"target_env": dead_letter.target_env, "service": dead_letter.service}
    return Release(
        release_id=named or derived_release_id(dead_letter.message_id),
        state=State.DEAD_LETTERED,
        request={key: value for key, value in target.items() if value is not None},
        payload_hash=hashlib.sha256(dead_letter.data).hexdigest(),
        source=Source(
            message_id=dead_letter.message_id,
            publish_time=dead_letter.publish_time,
            data=dead_letter.data if len(dead_letter.data) <= MAX_BYTES else None,
            attributes=dict(dead_letter.attributes),
        ),
        accepted_at=now,
        updated_at=now,
        result=Result(reason=dead_letter.reason, detail=dead_letter.error),
        message_ids=(dead_letter.message_id,),
    )
