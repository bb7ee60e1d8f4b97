"""Keeps dead letters, counts those of one cause as one incident, and closes the release that nothing else closed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from interlock.domain.dead_letters.dead_letter import DeadLetter, Incident, note_repeat
from interlock.domain.dead_letters.dead_lettered_release import dead_lettered_release
from interlock.domain.dead_letters.stored import StoredDeadLetter
from interlock.domain.releases.events import DeadLettered
from interlock.domain.requests.payload import MalformedEvent, Payload
from interlock.ledger.interface import Commit, Decision, Ledger, Snapshot
from interlock.ledger.records import Key
from interlock.services.outbox_relay import OutboxRelay
from interlock.services.release_service import ReleaseService


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterService:
    """What alert_dead_letter does with the ledger."""

    ledger: Ledger
    releases: ReleaseService
    relay: OutboxRelay
    now: Callable[[], datetime]

    def keep(self, dead_letter: DeadLetter) -> tuple[StoredDeadLetter, Incident]:
        """Store the dead letter and count it; one that arrives again is not counted again. Raises LedgerUnavailable."""
        return self.ledger.transact(_keys(dead_letter), _store(dead_letter, self.now()))

    def close_release(self, dead_letter: DeadLetter, payload: Payload | MalformedEvent) -> None:
        """Close the message as dead-lettered where no function had made a release of it, and publish that."""
        candidate = dead_lettered_release(dead_letter, payload, now=self.now())
        applied = self.releases.apply(candidate.release_id, DeadLettered(candidate))
        for release in applied.unpublished:
            self.relay.publish(release)


def _keys(dead_letter: DeadLetter) -> tuple[Key, Key]:
    return Key("dead_letters", dead_letter.dead_letter_id), Key("incidents", dead_letter.fingerprint)


def _store(dead_letter: DeadLetter, now: datetime) -> Decision[tuple[StoredDeadLetter, Incident]]:
    """Return the decision that stores it; when it arrives again its alert says the same as the first time."""
    stored_key, incident_key = _keys(dead_letter)

    def decision(snapshot: Snapshot) -> Commit[tuple[StoredDeadLetter, Incident]]:
        known, opened = snapshot[stored_key], snapshot[incident_key]
        if isinstance(known, StoredDeadLetter) and isinstance(opened, Incident):
            again = replace(known, last_seen_at=now, arrivals=known.arrivals + 1)
            return Commit({stored_key: again}, (again, opened))
        incident, notify = note_repeat(opened if isinstance(opened, Incident) else None, dead_letter, now)
        stored = StoredDeadLetter(letter=dead_letter, first_seen_at=now, last_seen_at=now, notify=notify)
        return Commit({stored_key: stored, incident_key: incident}, (stored, incident))

    return decision
