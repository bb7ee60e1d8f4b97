"""One attempt of a task on disk: its directory, its lock, and the container shim that holds the lock while it lives.

The server takes the lock, hands it to the shim and closes its own end. So the lock tells whether the shim lives, even
to a server that was started later, and without trusting a process id that another process may have by now.

    lock free, no `begun`            never began: may be started again
    lock free, `begun`, `exit.json`  ended, and the file says how
    lock free, `begun` only          lost: the shim was killed
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

from interlock_local.cloud_run.execution import AttemptEnding, Cause

SHIM = Path(__file__).with_name("container_shim.py")
LOST_EXIT_CODE = 137


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """What a shim is to run."""

    command: Sequence[str]
    env: Mapping[str, str]
    timeout_seconds: float
    grace_seconds: float


@dataclass(frozen=True, slots=True)
class Attempt:
    """A directory that holds the state of one attempt, and the file that its output is appended to."""

    directory: Path
    log: Path

    def start(self, container: ContainerSpec) -> "subprocess.Popen[bytes]":
        """Return as soon as the shim holds the lock; the container starts a moment later."""
        shutil.rmtree(self.directory, ignore_errors=True)
        (self.directory / "work").mkdir(parents=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self._lock.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return subprocess.Popen(
                self._shim_command(container),
                env=dict(container.env),
                stdin=lock,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    def wait(self) -> AttemptEnding:
        """Block until the shim is gone, whichever server started it, and return how the attempt ended."""
        if not self._lock.exists():
            return AttemptEnding(Cause.NOT_BEGUN)
        with self._lock.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
        return self._ending()

    def stop(self) -> None:
        """Ask the shim to end its container: SIGTERM, the grace period, then SIGKILL.

        The `stop` file comes first: a shim that has not written `begun` by now will find it and run nothing.
        """
        if not self.is_running():
            return
        (self.directory / "stop").touch()
        pid = _read_number(self.directory / "begun")
        if pid and self.is_running():
            os.kill(pid, signal.SIGTERM)

    def is_running(self) -> bool:
        """Return whether a shim holds the lock."""
        try:
            with self._lock.open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except FileNotFoundError:
            return False
        return False

    def remove(self) -> None:
        """Remove the directory, as a container's file system goes with it; the log stays."""
        shutil.rmtree(self.directory, ignore_errors=True)
        with contextlib.suppress(OSError):  # other attempts of the execution are still there
            self.directory.parent.rmdir()

    @property
    def _lock(self) -> Path:
        return self.directory / "lock"

    def _shim_command(self, container: ContainerSpec) -> list[str]:
        interpreter = [sys.executable, "-I", "-S", str(SHIM)]
        limits = [str(container.timeout_seconds), str(container.grace_seconds)]
        return [*interpreter, str(self.directory), str(self.log), *limits, *container.command]

    def _ending(self) -> AttemptEnding:
        try:
            return msgspec.json.decode((self.directory / "exit.json").read_bytes(), type=AttemptEnding)
        except FileNotFoundError:
            has_begun = (self.directory / "begun").exists()
            return AttemptEnding(Cause.LOST, LOST_EXIT_CODE) if has_begun else AttemptEnding(Cause.NOT_BEGUN)


def _read_number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except FileNotFoundError:
        return None
