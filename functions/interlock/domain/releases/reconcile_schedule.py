"""When reconcile must look at a release: one instant per record, so that one query finds all that is due.

`due_at` moves on after each look, so ordering by it pages through all that is due, from run to run.
"""

from datetime import datetime, timedelta

from interlock.domain.releases.model import Release, State

UNSENT_AFTER = timedelta(seconds=15)
"""An outbox still full this long after its transaction was left behind by its worker."""

CLAIM_EVERY = timedelta(seconds=15)
"""How often an expired claim is put before dispatch_release again."""

STARTED_EVERY = timedelta(seconds=30)
"""How often a running execution is looked at, in case its completion entry never comes."""

QUEUED_EVERY = timedelta(minutes=5)
"""How often a waiting release is nudged, in case its resume message was lost."""

RETRIED_EVERY = timedelta(seconds=30)
"""How often a release is nudged whose `not_before` or `not_after` has come."""


def due_at(release: Release) -> datetime | None:
    """Return the instant from which reconcile has something to do about the release, or None for never."""
    looked = max(release.updated_at, release.checked_at or release.updated_at)
    instants = [looked + UNSENT_AFTER] if not release.outbox.is_empty else []
    match release.state:
        case State.STARTING if release.lease_until is not None:
            instants.append(_claim_due(release.lease_until, release.checked_at))
        case State.STARTED:
            instants.append(looked + STARTED_EVERY)
        case State.QUEUED:
            instants.append(_queued_due(release, looked))
        case _:
            pass
    return min(instants, default=None)


def _claim_due(lease_until: datetime, checked_at: datetime | None) -> datetime:
    return max(lease_until, checked_at + CLAIM_EVERY) if checked_at else lease_until


def _queued_due(release: Release, looked: datetime) -> datetime:
    planned = [instant for instant in (release.not_before, release.not_after) if instant]
    # Where its time has come, whoever saw that may have been killed before saying so.
    again = RETRIED_EVERY if any(instant <= looked for instant in planned) else QUEUED_EVERY
    return min([looked + again, *(instant for instant in planned if instant > looked)])
