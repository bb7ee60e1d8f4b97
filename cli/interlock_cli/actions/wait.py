"""Waits until a release is closed, through interruptions of the network and of the ledger."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from interlock.domain.releases.model import Release, State
from interlock.domain.requests.payload import derived_release_id
from interlock.ledger.interface import LedgerReader, LedgerUnavailable
from interlock_cli.actions.progress import ProgressPrinter
from interlock_cli.actions.releases import read_release
from interlock_cli.errors import ExitCode, one_line
from interlock_cli.views.output import print_status

_POLL_SECONDS = 1.0
"""Half of the two seconds within which a closing state has to be printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitTarget:
    """What to wait for: a release, or the attempt that a message just published has asked for.

    `before` is the record as it was before the message. `is_about_another` marks a message that names another release,
    as a cancel does: the ledger keeps no id of such a message with the release that it names.
    """

    release_id: str
    message_id: str | None = None
    before: Release | None = None
    is_about_another: bool = False

    def read(self, ledger: LedgerReader) -> Release | None:
        """Return the record to wait on, or None as long as there is none."""
        release = read_release(ledger, self.release_id)
        if self.message_id is None or (release and self._is_answer(release)):
            return release
        refused = read_release(ledger, _id_of_refused(self.message_id))
        return refused or (release if self.is_about_another else None)

    def _is_answer(self, release: Release) -> bool:
        is_new_dead_letter = release.state is State.DEAD_LETTERED and release != self.before
        return self.message_id in release.message_ids or is_new_dead_letter


def wait_interruptibly(
    ledger: LedgerReader, target: WaitTarget, timeout: timedelta | None
) -> Release | ExitCode | None:
    """Return the closed release, None when the time is up, or the exit code if the user has interrupted the waiting."""
    try:
        with interruptible():
            return wait_until_closed(ledger, target, timeout=timeout)
    except KeyboardInterrupt:
        return interrupted(target.release_id)


def wait_until_closed(
    ledger: LedgerReader, target: WaitTarget, *, timeout: timedelta | None, sleep: Callable[[float], None] = time.sleep
) -> Release | None:
    """Return the release once it is closed, or None when the time is up; print its progress meanwhile."""
    deadline = time.monotonic() + timeout.total_seconds() if timeout else None
    progress = ProgressPrinter(ledger, print_status)
    is_unavailable = False
    while True:
        try:
            release = target.read(ledger)
            progress.print_new(release)
            is_unavailable = False
        except LedgerUnavailable as error:
            release = None
            if not is_unavailable:
                print_unavailable(error)
            is_unavailable = True
        if release and release.is_closed:
            return release
        left = deadline - time.monotonic() if deadline else _POLL_SECONDS
        if left <= 0:
            return None
        sleep(min(left, _POLL_SECONDS))


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM, which CI sends to a cancelled job, raise KeyboardInterrupt as Ctrl-C does."""
    import signal

    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def interrupted(release_id: str) -> ExitCode:
    """Print that the waiting has ended before the release has; return the exit code for that."""
    print_status(f"stopped waiting; the release goes on. Wait on: interlock wait {release_id}")
    return ExitCode.INTERRUPTED


def print_unavailable(error: LedgerUnavailable) -> None:
    """Print that the ledger does not answer, and that the command goes on trying."""
    print_status(f"the ledger does not answer, still trying: {one_line(error)[:200]}")


def _id_of_refused(message_id: str) -> str:
    """Return the release id under which a message is rejected whose own id belongs to another release."""
    return derived_release_id(message_id)
