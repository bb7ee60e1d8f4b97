"""What SIGTERM and SIGINT do: end the agent before the script runs, end the script while it runs."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stopped(BaseException):
    """The platform wants the task to end, and no script runs yet."""


class Stop:
    """Remembers the platform's wish to end, and carries it to the script's process group.

    The platform kills everything 10 seconds after its SIGTERM; the script gets the grace, the rest is for the result.
    """

    def __init__(self, grace_seconds: float) -> None:
        self._grace_seconds = grace_seconds
        self._group: int | None = None
        self._is_held = False
        self._is_forwarded = False
        self.is_asked = False

    def install(self) -> None:
        """Take over both signals; PID 1 without a handler would ignore them."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Only remember a signal while inside: between start and forward_to nobody could pass it on."""
        self._raise_if_asked()
        self._is_held = True
        yield
        if self.is_asked:
            self._end_script()

    def forward_to(self, group: int | None) -> None:
        """Name the group that signals go to; None once it has ended, and from then on they change nothing."""
        self._group = group

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self.is_asked:
            return
        self.is_asked = True
        if not self._is_held:
            raise Stopped
        self._end_script()

    def _raise_if_asked(self) -> None:
        if self.is_asked:
            raise Stopped

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
