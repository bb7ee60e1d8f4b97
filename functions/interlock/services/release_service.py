"""The one way by which anything happens to a release: apply(release_id, event)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from interlock.domain.releases.context import DEFAULT_LIMITS, Context, StartLimits
from interlock.domain.releases.events import Event
from interlock.domain.releases.model import Outbox, Release
from interlock.ledger.interface import Commit, Ledger, Load, Snapshot
from interlock.services.release_transaction import Applied, apply_event, first_keys, release_key, take_out


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseService:
    """Decides on the ledger's records, each time in one transaction; the only user of the state machine.

    `instance` names the installation in status events. Only who starts jobs needs limits other than the usual ones.
    """

    ledger: Ledger
    instance: str
    now: Callable[[], datetime]
    limits: StartLimits = DEFAULT_LIMITS

    def apply(self, release_id: str, event: Event) -> Applied:
        """Apply the event to the release and its lane, and commit; raise LedgerUnavailable."""

        def decide(snapshot: Snapshot) -> Load | Commit[Applied]:
            # The ledger may ask late, or again when a faster writer won: a start is judged by the time that it is then.
            context = Context(now=self.now(), instance=self.instance, limits=self.limits)
            return apply_event(release_id, event, context)(snapshot)

        return self.ledger.transact(first_keys(release_id, event), decide)

    def mark_sent(self, release_id: str, *sent: Outbox) -> None:
        """Take what was sent out of the release's outbox."""
        self.ledger.transact((release_key(release_id),), take_out(release_id, sent))

    def take_for_check(self, release: Release) -> Release | None:
        """Note that the release is looked at now; None where another worker did so, or it moved on meanwhile."""
        key = release_key(release.release_id)
        taken = replace(release, checked_at=self.now())

        def take(snapshot: Snapshot) -> Commit[Release | None]:
            return Commit({key: taken}, taken) if snapshot[key] == release else Commit({}, None)

        return self.ledger.transact((key,), take)
