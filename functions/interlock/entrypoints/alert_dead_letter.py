"""alert_dead_letter: keeps a dead letter in the ledger and tells on-call in one structured log entry."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache

import flask

from interlock.bootstrap import open_ledger, open_publisher, utc_now
from interlock.config import AlertSettings
from interlock.domain.dead_letters.alert import alert
from interlock.domain.dead_letters.burial import burial
from interlock.domain.dead_letters.dead_letter import DeadLetter, Incident, note_repeat, read_dead_letter
from interlock.domain.dead_letters.stored import StoredDeadLetter
from interlock.domain.releases.events import DeadLettered
from interlock.domain.releases.limits import StartLimits
from interlock.domain.requests.delivery import PubSubDelivery
from interlock.entrypoints.http import Ack, Answer, Delivery, Reply, answer
from interlock.ledger.interface import Commit, Decision, Key, Ledger, Snapshot
from interlock.ports import Journal
from interlock.services.outbox_relay import OutboxRelay
from interlock.services.release_step import first_keys, step

# Burying never makes a claim, so the machine's patience does not matter here.
_LIMITS = StartLimits(lease=timedelta(seconds=60), max_starts=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerter:
    """Keeps dead letters and raises one incident per fingerprint."""

    ledger: Ledger
    postman: OutboxRelay
    runbooks: str
    now: Callable[[], datetime]

    def handle(self, delivery: Delivery, journal: Journal) -> Reply:
        """Deal with one dead letter: keep it, count it, close its release if nothing else did, and tell on-call."""
        if not isinstance(delivery, PubSubDelivery):
            return Ack("not_a_dead_letter")
        arrived = read_dead_letter(delivery.message, self.now())
        kept, incident = self.ledger.transact(_keys(arrived), _keep(arrived, self.now()))
        if kept.letter.origin != "interlock":
            self._bury(kept.letter)
        instance = self.postman.instance
        journal.write(
            alert(kept.letter, incident=incident, notify=kept.notify, instance=instance, runbooks=self.runbooks)
        )
        return Ack()

    def _bury(self, letter: DeadLetter) -> None:
        candidate = burial(letter, now=self.now())
        event = DeadLettered(candidate)
        decision = step(candidate.release_id, event, now=self.now(), limits=_LIMITS)
        stepped = self.ledger.transact(first_keys(candidate.release_id, event), decision)
        for release in stepped.outgoing:
            self.postman.deliver(release)


def _keys(letter: DeadLetter) -> tuple[Key, Key]:
    return Key("dead_letters", letter.dead_letter_id), Key("incidents", letter.fingerprint)


def _keep(letter: DeadLetter, now: datetime) -> Decision[tuple[StoredDeadLetter, Incident]]:
    """A letter that arrives again is not counted again, and its alert says the same as the first time."""
    letter_key, incident_key = _keys(letter)

    def decision(snapshot: Snapshot) -> Commit[tuple[StoredDeadLetter, Incident]]:
        known, opened = snapshot[letter_key], snapshot[incident_key]
        if isinstance(known, StoredDeadLetter) and isinstance(opened, Incident):
            again = replace(known, last_seen_at=now, arrivals=known.arrivals + 1)
            return Commit({letter_key: again}, (again, opened))
        incident, notify = note_repeat(opened if isinstance(opened, Incident) else None, letter, now)
        kept = StoredDeadLetter(letter=letter, first_seen_at=now, last_seen_at=now, notify=notify)
        return Commit({letter_key: kept, incident_key: incident}, (kept, incident))

    return decision


@cache
def get_app() -> Alerter:
    """Return the function over its real ports, which connect when they are first used."""
    settings = AlertSettings.read(os.environ)
    ledger = open_ledger(settings.ledger)
    return Alerter(
        ledger=ledger,
        postman=OutboxRelay(
            ledger=ledger,
            publisher=open_publisher(settings.pubsub_endpoint),
            instance=settings.instance,
            status_topic=settings.status_topic,
        ),
        runbooks=settings.runbooks,
        now=utc_now,
    )


def alert_dead_letter(request: flask.Request) -> Answer:
    """Answer one push of the dead-letter topic."""
    return answer(request, "alert_dead_letter", get_app().handle)
