"""The record of a message that ended on the dead-letter topic before it became a release."""

import hashlib
from datetime import datetime

from interlock.domain.dead_letters.dead_letter import DeadLetter
from interlock.domain.json_access import read_object
from interlock.domain.releases.model import Release, Result, Source, State
from interlock.domain.requests.cloud_event import message_release_id
from interlock.domain.requests.json_body import MAX_BYTES
from interlock.domain.requests.message import Message


def burial(letter: DeadLetter, *, now: datetime) -> Release:
    """Return the candidate that closes the message as dead_lettered, under the id its release would have had.

    A cancel or resume names another release, so it is recorded under its own message's id.
    """
    body = read_object(letter.data) or {}
    message = Message(letter.message_id, letter.publish_time, letter.data, letter.attributes)
    named = None if {"cancel", "resume"} & body.keys() else letter.release_id
    told = {"target_env": letter.target_env, "service": letter.service}
    return Release(
        release_id=message_release_id(message, None, release_id=named),
        state=State.DEAD_LETTERED,
        request={key: value for key, value in told.items() if value is not None},
        payload_hash=hashlib.sha256(letter.data).hexdigest(),
        source=Source(
            message_id=letter.message_id,
            publish_time=letter.publish_time,
            data=letter.data if len(letter.data) <= MAX_BYTES else None,
            attributes=dict(letter.attributes),
        ),
        accepted_at=now,
        updated_at=now,
        result=Result(reason=letter.reason, detail=letter.error),
        message_ids=(letter.message_id,),
    )
