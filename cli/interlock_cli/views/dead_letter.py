"""A dead letter as text for people and as JSON for programs; credentials are redacted unless `raw` asks for them."""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

from interlock.domain.dead_letters.dead_letter import DeadLetter, original_attributes
from interlock.domain.dead_letters.stored import StoredDeadLetter
from interlock.domain.redaction import excerpt, redact_object
from interlock_cli.views.reasons import dead_letter_reason_text, runbook_url

_WHOLE = 256 * 1024
_FACTS = (
    *("error", "fix", "runbook", "release_id", "target_env", "service"),
    *("route", "group", "stage", "message_id"),
)


def dead_letter_document(stored: StoredDeadLetter, *, raw: bool = False) -> dict[str, Any]:
    """Return the dead letter as one JSON document; a key without a value is null."""
    dead_letter, text = stored.letter, dead_letter_reason_text(stored.letter.reason)
    settlement = stored.settlement
    return {
        "dead_letter_id": dead_letter.dead_letter_id,
        "group": dead_letter.fingerprint,
        "reason": dead_letter.reason,
        "stage": dead_letter.stage,
        "why": text.why,
        "fix": text.fix,
        "runbook": runbook_url(dead_letter.reason),
        "error": dead_letter.error,
        "release_id": dead_letter.release_id,
        "target_env": dead_letter.target_env,
        "service": dead_letter.service,
        "route": dead_letter.route,
        "origin": dead_letter.origin,
        "message_id": dead_letter.message_id,
        "publish_time": dead_letter.publish_time.isoformat(),
        "first_seen_at": stored.first_seen_at.isoformat(),
        "last_seen_at": stored.last_seen_at.isoformat(),
        "arrivals": stored.arrivals,
        "delivery_count": dead_letter.delivery_count,
        "source_subscription": dead_letter.source_subscription,
        "attributes": _attributes(dead_letter, raw=raw),
        "payload": _payload(dead_letter, raw=raw),
        "settlement": settlement
        and {
            "action": settlement.action,
            "by": settlement.by,
            "at": settlement.at.isoformat(),
            "reason": settlement.reason,
        },
    }


def _attributes(dead_letter: DeadLetter, *, raw: bool) -> Mapping[str, Any]:
    """Return the attributes as first published."""
    own = original_attributes(dead_letter.attributes)
    return own if raw else redact_object(own)


def _payload(dead_letter: DeadLetter, *, raw: bool) -> str:
    """Return the payload as text: as it is, or without credentials and laid out where it is JSON."""
    if not raw:
        return _laid_out(excerpt(dead_letter.data, _WHOLE))
    try:
        return dead_letter.data.decode()
    except UnicodeDecodeError:
        return "base64:" + base64.b64encode(dead_letter.data).decode()


def dead_letter_lines(stored: StoredDeadLetter, *, raw: bool = False) -> Iterator[str]:
    """Yield the dead letter as text: why and what to do first, the message last."""
    document, dead_letter = dead_letter_document(stored, raw=raw), stored.letter
    resolved = f" ({stored.settlement.action})" if stored.settlement else ""
    yield f"{dead_letter.dead_letter_id}  {dead_letter.reason}{resolved}"
    yield f"  {document['why']}"
    for key in _FACTS:
        if document[key] is not None:
            yield f"  {key.replace('_id', ''):<10} {document[key]}"
    yield from _history(stored)
    yield from (f"  attribute  {key}={value}" for key, value in document["attributes"].items())
    yield "  payload"
    yield from (f"    {line}" for line in document["payload"].splitlines())
    if not stored.settlement:
        yield f"  next       interlock dead-letters replay {dead_letter.dead_letter_id}"


def _history(stored: StoredDeadLetter) -> Iterator[str]:
    dead_letter = stored.letter
    yield f"  {dead_letter.publish_time:%Y-%m-%d %H:%M:%S}  published"
    tries = f" after {dead_letter.delivery_count} deliveries" if dead_letter.delivery_count else ""
    yield f"  {stored.first_seen_at:%Y-%m-%d %H:%M:%S}  kept as a dead letter{tries}"
    if stored.arrivals > 1:
        yield f"  {stored.last_seen_at:%Y-%m-%d %H:%M:%S}  arrived again, {stored.arrivals} times in all"
    if resolution := stored.settlement:
        because = f": {resolution.reason}" if resolution.reason else ""
        yield f"  {resolution.at:%Y-%m-%d %H:%M:%S}  {resolution.action} by {resolution.by}{because}"


def _laid_out(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text
