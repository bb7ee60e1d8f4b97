"""A dead letter as people and programs read it; without credentials, unless the raw message is asked for."""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

from interlock.domain.dead_letters.dead_letter import DeadLetter, original_attributes
from interlock.domain.dead_letters.stored import StoredDeadLetter
from interlock.domain.redaction import excerpt, redact_object
from interlock_cli.views.reasons import reason_of_letter, runbook_of

_WHOLE = 256 * 1024
_FACTS = (
    *("error", "fix", "runbook", "release_id", "target_env", "service"),
    *("route", "group", "stage", "message_id"),
)


def as_document(kept: StoredDeadLetter, *, raw: bool = False) -> dict[str, Any]:
    """Return the dead letter as one JSON document; a key without a value is null."""
    letter, told = kept.letter, reason_of_letter(kept.letter.reason)
    settlement = kept.settlement
    return {
        "dead_letter_id": letter.dead_letter_id,
        "group": letter.fingerprint,
        "reason": letter.reason,
        "stage": letter.stage,
        "why": told.why,
        "fix": told.fix,
        "runbook": runbook_of(letter.reason),
        "error": letter.error,
        "release_id": letter.release_id,
        "target_env": letter.target_env,
        "service": letter.service,
        "route": letter.route,
        "origin": letter.origin,
        "message_id": letter.message_id,
        "publish_time": letter.publish_time.isoformat(),
        "first_seen_at": kept.first_seen_at.isoformat(),
        "last_seen_at": kept.last_seen_at.isoformat(),
        "arrivals": kept.arrivals,
        "delivery_count": letter.delivery_count,
        "source_subscription": letter.source_subscription,
        "attributes": attributes(letter, raw=raw),
        "payload": payload(letter, raw=raw),
        "settlement": settlement
        and {
            "action": settlement.action,
            "by": settlement.by,
            "at": settlement.at.isoformat(),
            "reason": settlement.reason,
        },
    }


def attributes(letter: DeadLetter, *, raw: bool) -> Mapping[str, Any]:
    """Return the attributes as first published."""
    own = original_attributes(letter.attributes)
    return own if raw else redact_object(own)


def payload(letter: DeadLetter, *, raw: bool) -> str:
    """Return the payload as text: as it is, or without credentials and laid out where it is JSON."""
    if not raw:
        return _laid_out(excerpt(letter.data, _WHOLE))
    try:
        return letter.data.decode()
    except UnicodeDecodeError:
        return "base64:" + base64.b64encode(letter.data).decode()


def as_lines(kept: StoredDeadLetter, *, raw: bool = False) -> Iterator[str]:
    """Yield the dead letter as text: why and what to do first, the message last."""
    document, letter = as_document(kept, raw=raw), kept.letter
    yield f"{letter.dead_letter_id}  {letter.reason}" + (f" ({kept.settlement.action})" if kept.settlement else "")
    yield f"  {document['why']}"
    for key in _FACTS:
        if document[key] is not None:
            yield f"  {key.replace('_id', ''):<10} {document[key]}"
    yield from _history(kept)
    yield from (f"  attribute  {key}={value}" for key, value in document["attributes"].items())
    yield "  payload"
    yield from (f"    {line}" for line in document["payload"].splitlines())
    if not kept.settlement:
        yield f"  next       interlock dead-letters replay {letter.dead_letter_id}"


def _history(kept: StoredDeadLetter) -> Iterator[str]:
    letter = kept.letter
    yield f"  {letter.publish_time:%Y-%m-%d %H:%M:%S}  published"
    tries = f" after {letter.delivery_count} deliveries" if letter.delivery_count else ""
    yield f"  {kept.first_seen_at:%Y-%m-%d %H:%M:%S}  kept as a dead letter{tries}"
    if kept.arrivals > 1:
        yield f"  {kept.last_seen_at:%Y-%m-%d %H:%M:%S}  arrived again, {kept.arrivals} times in all"
    if done := kept.settlement:
        yield f"  {done.at:%Y-%m-%d %H:%M:%S}  {done.action} by {done.by}" + (f": {done.reason}" if done.reason else "")


def _laid_out(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text
