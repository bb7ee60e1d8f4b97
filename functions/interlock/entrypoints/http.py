"""The HTTP side of every function: one delivery in, acknowledged (2xx) or to be delivered again (4xx, 5xx)."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import flask

from interlock.cloud_events import parse_delivery
from interlock.domain.requests.delivery import AuditLogDelivery, PubSubDelivery, Unreadable
from interlock.ledger.interface import LedgerUnavailable
from interlock.ports import CloudRunUnavailable, PublishFailed
from interlock.results.interface import ResultsUnavailable
from interlock.structured_log import bound, log_event
from interlock.trace_context import log_fields

Delivery = PubSubDelivery | AuditLogDelivery
Answer = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Ack:
    """The delivery is dealt with: acknowledge it. `ignored` says why, where nothing else in the log does."""

    ignored: str | None = None


@dataclass(frozen=True, slots=True)
class Nack:
    """Let Pub/Sub deliver it again later."""

    reason: str


Reply = Ack | Nack


def answer(request: flask.Request, function: str, handle: Callable[[Delivery], Reply]) -> Answer:
    """Read the delivery, handle it, and say in HTTP whether it is acknowledged.

    What cannot be read is answered 400: Pub/Sub then keeps it and moves it to its dead-letter topic.
    """
    headers = dict(request.headers)
    delivery = parse_delivery(headers, request.get_data())
    with bound(function=function, **log_fields(headers), **_ids(delivery)):
        if isinstance(delivery, Unreadable):
            log_event("delivery_unreadable", logging.WARNING, reason=delivery.reason)
            return f"unreadable: {delivery.reason}\n", 400
        return _handled(delivery, handle)


def _handled(delivery: Delivery, handle: Callable[[Delivery], Reply]) -> Answer:
    try:
        return _answer_of(handle(delivery))
    except (LedgerUnavailable, PublishFailed, CloudRunUnavailable, ResultsUnavailable) as error:
        log_event("delivery_failed", logging.WARNING, error=str(error), kind=type(error).__name__)
        return "unavailable\n", 503
    except Exception as error:
        log_event("delivery_crashed", logging.ERROR, error=str(error), kind=type(error).__name__)
        raise


def _ids(delivery: Delivery | Unreadable) -> Mapping[str, object]:
    if isinstance(delivery, Unreadable):
        return {}
    if isinstance(delivery, AuditLogDelivery):
        return {"event_id": delivery.event_id}
    return {"message_id": delivery.message.message_id, "delivery_attempt": delivery.message.delivery_attempt}


def _answer_of(reply: Reply) -> Answer:
    match reply:
        case Ack(ignored):
            if ignored is not None:
                log_event("delivery_ignored", logging.INFO, reason=ignored)
            return "", 204
        case Nack(reason):
            log_event("delivery_deferred", logging.INFO, reason=reason)
            return f"try again: {reason}\n", 503
