"""Processes of the stack: they end with their starter, and are not confused with later ones of the same pid."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from interlock_local.stack.services import WORKING_DIR, Service

DIE_WITH_PARENT = Path(__file__).with_name("die_with_parent.py")


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """One process for good, as a pid alone may be another's later. `started` is in hundredths of a second since boot.

    Time since boot does not change when the clock is set, so that an identity which was stored stays valid.
    """

    pid: int
    started: str


def identify(pid: int) -> ProcessIdentity | None:
    """Return the identity of a living process; None if there is none, or it is dead and not yet reaped."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return ProcessIdentity(pid, f"{(process.create_time() - psutil.boot_time()) * 100:.0f}")
    except psutil.Error:
        return None


def is_alive(process: ProcessIdentity) -> bool:
    """Return whether that very process still lives."""
    return identify(process.pid) == process


def members_of_group(leader: ProcessIdentity, *, variable: str, value: str) -> list[ProcessIdentity]:
    """Return the living processes of the leader's group that bear the environment variable; the leader may be dead.

    The variable tells them from unrelated processes whose group was given the same number since.
    """
    members = (identify(process.pid) for process in psutil.process_iter() if _group(process.pid) == leader.pid)
    return [member for member in members if member and _variable(member.pid, variable) == value]


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except (ProcessLookupError, PermissionError):
        return None


def _variable(pid: int, name: str) -> str | None:
    try:
        return psutil.Process(pid).environ().get(name)
    except psutil.Error:
        return None


def start(service: Service, log: Path) -> subprocess.Popen[bytes]:
    """Start the service in a process group of its own; its output is appended to its log."""
    starter = (str(DIE_WITH_PARENT), str(int(service.orphan_signal)), str(os.getpid()))
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-S", "-E", *starter, *service.command],
            cwd=WORKING_DIR,
            env=dict(service.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def signal_group(pid: int, number: signal.Signals) -> None:
    """Send the signal to the process's group, if it still exists."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def send_signal(process: ProcessIdentity, number: signal.Signals) -> None:
    """Send the signal to that very process, if it still lives."""
    with suppress(ProcessLookupError):
        if is_alive(process):
            os.kill(process.pid, number)


def wait_for(condition: Callable[[], bool], *, seconds: float, pause: float = 0.05) -> bool:
    """Poll until the condition holds or the time is over; return whether it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True
