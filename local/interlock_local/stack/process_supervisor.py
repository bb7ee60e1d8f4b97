"""Supervises the process of one service: starts it, restarts it with backoff when it dies, stops it for good."""

import logging
import signal
import subprocess
import time
from pathlib import Path

from interlock_local.stack.process import ProcessIdentity, identify, signal_group, start, wait_for
from interlock_local.stack.services import Service

FIRST_BACKOFF_SECONDS = 0.2
LONGEST_BACKOFF_SECONDS = 5.0
STABLE_SECONDS = 3.0
STOP_SECONDS = 15.0

log = logging.getLogger("interlock_local.stack.process_supervisor")


class ProcessSupervisor:
    """One service and its process. All are used from one thread, as a process ends with the thread that started it."""

    def __init__(self, service: Service, log_file: Path) -> None:
        self.service = service
        self.log_file = log_file
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._backoff = FIRST_BACKOFF_SECONDS
        self._restart_at = 0.0
        self._log_size_at_start = 0

    @property
    def identity(self) -> ProcessIdentity | None:
        """The identity of the process; None while none runs."""
        return identify(self._process.pid) if self._process else None

    @property
    def is_running(self) -> bool:
        """Whether its process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process."""
        self._log_size_at_start = self.log_file.stat().st_size if self.log_file.exists() else 0
        self._process = start(self.service, self.log_file)
        self._started_at = time.monotonic()
        log.info("%s started, pid %d", self.service.name, self._process.pid)

    def log_tail(self, lines: int) -> tuple[str, ...]:
        """Return the last lines that were logged since the last start."""
        with self.log_file.open("rb") as log_file:
            log_file.seek(self._log_size_at_start)
            return tuple(log_file.read().decode(errors="replace").splitlines()[-lines:])

    def restart_if_dead(self) -> bool:
        """Start the process again if it died and its backoff is over; return whether it is a new one."""
        if self.is_running:
            return False
        if self._process is not None:
            self._schedule_restart(self._process)
        if time.monotonic() < self._restart_at:
            return False
        self.start()
        return True

    def _schedule_restart(self, process: subprocess.Popen[bytes]) -> None:
        self._process = None
        signal_group(process.pid, signal.SIGKILL)  # what it left in its group would keep its port taken
        if time.monotonic() - self._started_at > STABLE_SECONDS:
            self._backoff = FIRST_BACKOFF_SECONDS
        self._restart_at = time.monotonic() + self._backoff
        log.warning("%s ended with %s, again in %.1f s", self.service.name, process.returncode, self._backoff)
        self._backoff = min(2 * self._backoff, LONGEST_BACKOFF_SECONDS)

    def terminate(self) -> None:
        """Send SIGTERM to the service's first process, as Cloud Run does."""
        if self._process is not None and self.is_running:
            self._process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """Terminate the process and wait until it is gone; then kill what is left of its group."""
        self.terminate()
        process, self._process = self._process, None
        if process is None:
            return
        if not wait_for(lambda: process.poll() is not None, seconds=STOP_SECONDS):
            log.warning("%s does not stop, killing it", self.service.name)
        signal_group(process.pid, signal.SIGKILL)
        process.wait()
