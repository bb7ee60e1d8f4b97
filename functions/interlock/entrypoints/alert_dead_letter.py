"""alert_dead_letter: keeps a dead letter in the ledger and tells on-call in one structured log entry."""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import flask

from interlock.bootstrap import open_ledger, open_publisher, utc_now
from interlock.cloud_events import open_message
from interlock.config import AlertSettings
from interlock.domain.dead_letters.alert import alert
from interlock.domain.dead_letters.dead_letter import read_dead_letter
from interlock.domain.requests.delivery import PubSubDelivery
from interlock.entrypoints.http import Ack, Answer, Delivery, Reply, answer
from interlock.ledger.interface import Ledger
from interlock.ports import Publisher
from interlock.services.dead_letter_service import DeadLetterService
from interlock.services.outbox_relay import OutboxRelay, StatusEventSender
from interlock.services.release_service import ReleaseService
from interlock.structured_log import log_entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerter:
    """Keeps dead letters and raises one incident per fingerprint."""

    dead_letters: DeadLetterService
    instance: str
    runbooks: str
    now: Callable[[], datetime]

    def handle(self, delivery: Delivery) -> Reply:
        """Deal with one dead letter: keep it, count it, close its release if nothing else did, and tell on-call."""
        if not isinstance(delivery, PubSubDelivery):
            return Ack("not_a_dead_letter")
        payload = open_message(delivery.message)
        arrived = read_dead_letter(delivery.message, payload, now=self.now())
        stored, incident = self.dead_letters.keep(arrived)
        if stored.letter.origin != "interlock":
            self.dead_letters.close_release(stored.letter, payload)
        entry = alert(
            stored.letter, incident=incident, notify=stored.notify, instance=self.instance, runbooks=self.runbooks
        )
        log_entry(entry, logging.getLevelNamesMapping()[str(entry["severity"])])
        return Ack()


def build(settings: AlertSettings, *, ledger: Ledger, publisher: Publisher) -> Alerter:
    """Put the function together from its settings and its ports."""
    releases = ReleaseService(ledger=ledger, instance=settings.instance, now=utc_now)
    status_events = StatusEventSender(publisher=publisher, topic=settings.status_topic)
    relay = OutboxRelay(releases=releases, senders=(status_events,))
    return Alerter(
        dead_letters=DeadLetterService(ledger=ledger, releases=releases, relay=relay, now=utc_now),
        instance=settings.instance,
        runbooks=settings.runbooks,
        now=utc_now,
    )


@cache
def get_app() -> Alerter:
    """Return the function over its real ports, which connect when they are first used."""
    settings = AlertSettings.read(os.environ)
    return build(settings, ledger=open_ledger(settings.ledger), publisher=open_publisher(settings.pubsub_endpoint))


def alert_dead_letter(request: flask.Request) -> Answer:
    """Answer one push of the dead-letter topic."""
    return answer(request, "alert_dead_letter", get_app().handle)
