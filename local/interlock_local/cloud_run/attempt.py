"""One attempt of a task on disk: its directory, its lock, and the keeper process that holds the lock while it lives.

The server takes the lock, hands it to the keeper and lets go of its own end. So the lock tells for certain, even to a
server started later and without trusting a process id, whether the keeper lives.

    lock free, no `begun`            never came to be: may be started again
    lock free, `begun`, `exit.json`  ended, and this is how
    lock free, `begun` only          lost: the keeper was killed
    lock held                        runs
"""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from interlock_local.cloud_run.execution import Cause, Ending

KEEPER = Path(__file__).with_name("task.py")
LOST_EXIT_CODE = 137


@dataclass(frozen=True, slots=True)
class Order:
    """What a keeper is told to run."""

    command: Sequence[str]
    env: Mapping[str, str]
    timeout_seconds: float
    grace_seconds: float


@dataclass(frozen=True, slots=True)
class Attempt:
    """A directory that tells all about one attempt, and the file its output is appended to."""

    directory: Path
    log: Path

    def start(self, order: Order) -> "subprocess.Popen[bytes]":
        """Returns as soon as the keeper holds the lock; the container starts a moment later."""
        shutil.rmtree(self.directory, ignore_errors=True)
        (self.directory / "work").mkdir(parents=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self._lock.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return subprocess.Popen(
                self._keeper(order),
                env=dict(order.env),
                stdin=lock,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    def wait(self) -> Ending:
        """Blocks until the keeper is gone, whoever started it, and reads what it left."""
        if not self._lock.exists():
            return Ending(Cause.NOT_BEGUN)
        with self._lock.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
        return self._ending()

    def stop(self) -> None:
        """Asks the keeper to end its container: SIGTERM, the grace, then SIGKILL.

        The note comes first: a keeper that has not written `begun` by now will read it and run nothing.
        """
        if not self.is_running():
            return
        (self.directory / "stop").touch()
        pid = _read_number(self.directory / "begun")
        if pid and self.is_running():
            os.kill(pid, signal.SIGTERM)

    def is_running(self) -> bool:
        """Whether a keeper holds the lock."""
        try:
            with self._lock.open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except FileNotFoundError:
            return False
        return False

    def forget(self) -> None:
        """Removes the directory, as a container's file system goes with it; the log stays."""
        shutil.rmtree(self.directory, ignore_errors=True)
        with contextlib.suppress(OSError):  # other attempts of the execution are still there
            self.directory.parent.rmdir()

    @property
    def _lock(self) -> Path:
        return self.directory / "lock"

    def _keeper(self, order: Order) -> list[str]:
        interpreter = [sys.executable, "-I", "-S", str(KEEPER)]
        limits = [str(order.timeout_seconds), str(order.grace_seconds)]
        return [*interpreter, str(self.directory), str(self.log), *limits, *order.command]

    def _ending(self) -> Ending:
        try:
            return msgspec.json.decode((self.directory / "exit.json").read_bytes(), type=Ending)
        except FileNotFoundError:
            begun = (self.directory / "begun").exists()
            return Ending(Cause.LOST, LOST_EXIT_CODE) if begun else Ending(Cause.NOT_BEGUN)


def _read_number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except FileNotFoundError:
        return None
