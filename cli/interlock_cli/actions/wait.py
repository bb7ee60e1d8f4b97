"""Follows a release in the ledger to its closing state, whatever the network does meanwhile."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from interlock.domain.releases.model import Release, State
from interlock.domain.requests.payload import derived_release_id
from interlock.ledger.interface import LedgerReader, LedgerUnavailable
from interlock.services.release_transaction import release_key
from interlock_cli.views.output import say
from interlock_cli.views.progress import Narration

_POLL_SECONDS = 1.0
"""Half of the two seconds in which a closing state is to be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """Whose end is awaited: a release's, or that of the attempt which a message just published has asked for.

    `before` is the record as it was before the message; `is_about_another` marks a cancel, which leaves no id.
    """

    release_id: str
    message_id: str | None = None
    before: Release | None = None
    is_about_another: bool = False

    def look(self, ledger: LedgerReader) -> Release | None:
        """Return the record that answers, or None as long as there is none."""
        release = _read(ledger, self.release_id)
        if self.message_id is None or (release and self._is_answer(release)):
            return release
        refused = _read(ledger, _own_id(self.message_id))
        return refused or (release if self.is_about_another else None)

    def _is_answer(self, release: Release) -> bool:
        was_buried = release.state is State.DEAD_LETTERED and release != self.before
        return self.message_id in release.message_ids or was_buried


def follow(
    ledger: LedgerReader, awaited: Awaited, *, timeout: timedelta | None, sleep: Callable[[float], None] = time.sleep
) -> Release | None:
    """Return the release once it is closed, or None when the time is up; tell meanwhile how it goes."""
    deadline = time.monotonic() + timeout.total_seconds() if timeout else None
    narration = Narration(ledger, say)
    trouble = False
    while True:
        try:
            release = awaited.look(ledger)
            narration.tell(release)
            trouble = False
        except LedgerUnavailable as error:
            release, trouble = None, trouble or _tell_trouble(error)
        if release and release.is_closed:
            return release
        left = deadline - time.monotonic() if deadline else _POLL_SECONDS
        if left <= 0:
            return None
        sleep(min(left, _POLL_SECONDS))


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM, which CI sends a cancelled job, end the waiting as Ctrl-C does."""
    import signal

    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _tell_trouble(error: LedgerUnavailable) -> bool:
    say(f"the ledger does not answer, still trying: {' '.join(str(error).split())[:200]}")
    return True


def _read(ledger: LedgerReader, release_id: str) -> Release | None:
    found = ledger.read(release_key(release_id))
    return found if isinstance(found, Release) else None


def _own_id(message_id: str) -> str:
    """Return the id under which a message is refused whose own id belongs to another release."""
    return derived_release_id(message_id)
