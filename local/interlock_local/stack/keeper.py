"""Keeps one part alive: starts it, starts it again when it dies, stops it for good."""

import logging
import signal
import subprocess
import time
from pathlib import Path

from interlock_local.stack.parts import Part
from interlock_local.stack.process import Mark, mark, signal_group, start, wait_for

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
STEADY_SECONDS = 3.0
STOP_SECONDS = 15.0

log = logging.getLogger("interlock_local.stack.keeper")


class Keeper:
    """One part and its process. All processes are started from one thread: the leash is tied to it."""

    def __init__(self, part: Part, words: Path) -> None:
        self.part = part
        self.words = words
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._pause = FIRST_PAUSE_SECONDS
        self._due = 0.0
        self._told_before = 0

    @property
    def mark(self) -> Mark | None:
        """Tells the process from all others; None while none runs."""
        return mark(self._process.pid) if self._process else None

    @property
    def is_running(self) -> bool:
        """Whether its process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the part."""
        self._told_before = self.words.stat().st_size if self.words.exists() else 0
        self._process = start(self.part, self.words)
        self._started = time.monotonic()
        log.info("%s started, pid %d", self.part.name, self._process.pid)

    def last_words(self, lines: int) -> tuple[str, ...]:
        """Return the end of what the part said since its last start."""
        with self.words.open("rb") as words:
            words.seek(self._told_before)
            return tuple(words.read().decode(errors="replace").splitlines()[-lines:])

    def tend(self) -> bool:
        """Start the part again if it died and its pause is over; True if its process is a new one."""
        if self.is_running:
            return False
        if self._process is not None:
            self._bury(self._process)
        if time.monotonic() < self._due:
            return False
        self.start()
        return True

    def _bury(self, process: subprocess.Popen[bytes]) -> None:
        self._process = None
        signal_group(process.pid, signal.SIGKILL)  # what it left in its group would block its port
        if time.monotonic() - self._started > STEADY_SECONDS:
            self._pause = FIRST_PAUSE_SECONDS
        self._due = time.monotonic() + self._pause
        log.warning("%s ended with %s, again in %.1f s", self.part.name, process.returncode, self._pause)
        self._pause = min(2 * self._pause, LONGEST_PAUSE_SECONDS)

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the part's first process, as Cloud Run does."""
        if self._process is not None and self.is_running:
            self._process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """Wait until the part is gone; what does not go is killed with all of its group."""
        self.ask_to_stop()
        process, self._process = self._process, None
        if process is None:
            return
        if not wait_for(lambda: process.poll() is not None, seconds=STOP_SECONDS):
            log.warning("%s does not stop, killing it", self.part.name)
        signal_group(process.pid, signal.SIGKILL)
        process.wait()
