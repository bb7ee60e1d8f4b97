"""What SIGTERM and SIGINT do: end the agent before the script runs, end the script while it runs."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Terminated(BaseException):
    """The platform ends the task, and no script runs yet; no handler of ordinary errors may catch it."""


class Termination:
    """Remembers that the platform ends the task, and forwards the signal to the script's process group.

    Cloud Run kills everything 10 seconds after its SIGTERM; the script gets the grace, the rest is for the result.
    """

    def __init__(self, grace_seconds: float) -> None:
        self._grace_seconds = grace_seconds
        self._group: int | None = None
        self._is_deferred = False
        self._is_forwarded = False
        self.is_requested = False

    def install(self) -> None:
        """Take over both signals; PID 1 without a handler would ignore them."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Only remember a signal while inside: between start and forward_to there is no group to forward it to."""
        self._raise_if_requested()
        self._is_deferred = True
        yield
        if self.is_requested:
            self._end_script()

    def forward_to(self, group: int | None) -> None:
        """Set the group that signals go to; None once it has ended, and from then on they change nothing."""
        self._group = group

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self.is_requested:
            return
        self.is_requested = True
        if not self._is_deferred:
            raise Terminated
        self._end_script()

    def _raise_if_requested(self) -> None:
        if self.is_requested:
            raise Terminated

    def _end_script(self) -> None:
        if self._group is None or self._is_forwarded:
            return
        self._is_forwarded = True
        signal_group(self._group, signal.SIGTERM)
        timer = threading.Timer(self._grace_seconds, self._kill)
        timer.daemon = True
        timer.start()

    def _kill(self) -> None:
        if self._group is not None:
            signal_group(self._group, signal.SIGKILL)


def signal_group(group: int, number: signal.Signals) -> None:
    """Signal a process group, which may have ended already."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return
