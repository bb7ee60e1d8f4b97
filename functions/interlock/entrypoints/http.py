"""The HTTP edge of every function: one delivery in, acknowledged (2xx) or to be delivered again (4xx, 5xx)."""

from collections.abc import Callable
from dataclasses import dataclass

import flask

from interlock.domain.requests.delivery import AuditLogDelivery, PubSubDelivery, Unreadable, parse_delivery
from interlock.ledger.interface import LedgerUnavailable
from interlock.ports import CloudRunUnavailable, Journal, PublishFailed
from interlock.results.interface import ResultsUnavailable
from interlock.structured_log import JsonJournal

Delivery = PubSubDelivery | AuditLogDelivery
Answer = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Ack:
    """The delivery is dealt with: acknowledge it. `ignored` says why, where nothing else in the log does."""

    ignored: str | None = None


@dataclass(frozen=True, slots=True)
class Nack:
    """Deliver it again later."""

    reason: str


Reply = Ack | Nack


def answer(request: flask.Request, function: str, handle: Callable[[Delivery, Journal], Reply]) -> Answer:
    """Read the delivery, handle it, and say in HTTP whether it is acknowledged.

    What cannot be read is answered 400: Pub/Sub then keeps it and moves it to its dead-letter topic.
    """
    journal = JsonJournal(function=function)
    delivery = parse_delivery(dict(request.headers), request.get_data())
    if isinstance(delivery, Unreadable):
        journal.note("delivery_unreadable", severity="WARNING", reason=delivery.reason)
        return f"unreadable: {delivery.reason}\n", 400
    bound = _bound(journal, delivery)
    try:
        verdict = handle(delivery, bound)
    except (LedgerUnavailable, PublishFailed, CloudRunUnavailable, ResultsUnavailable) as error:
        bound.note("delivery_failed", severity="WARNING", error=str(error), kind=type(error).__name__)
        return "unavailable\n", 503
    except Exception as error:
        bound.note("delivery_crashed", severity="ERROR", error=str(error), kind=type(error).__name__)
        raise
    return _said(bound, verdict)


def _bound(journal: Journal, delivery: Delivery) -> Journal:
    if isinstance(delivery, AuditLogDelivery):
        return journal.bind(event_id=delivery.event_id)
    message = delivery.message
    return journal.bind(message_id=message.message_id, delivery_attempt=message.delivery_attempt)


def _said(journal: Journal, verdict: Reply) -> Answer:
    match verdict:
        case Ack(ignored):
            if ignored is not None:
                journal.note("delivery_ignored", reason=ignored)
            return "", 204
        case Nack(reason):
            journal.note("delivery_deferred", reason=reason)
            return f"try again: {reason}\n", 503
