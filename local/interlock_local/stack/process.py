"""One process of the stack: started on a leash in a group of its own, told apart from a later one of the same pid."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from interlock_local.stack.parts import PLACE, Part

LEASH = Path(__file__).with_name("leash.py")


@dataclass(frozen=True, slots=True)
class Mark:
    """A process for good: a pid alone may be another's by tomorrow."""

    pid: int
    started: str


def mark(pid: int) -> Mark | None:
    """Return the mark of a living process; None if it is dead, or dead and not yet buried."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return _mark_by_ps(pid) if not Path("/proc/self").exists() else None
    return None if fields[0] in "ZX" else Mark(pid, fields[19])


def _mark_by_ps(pid: int) -> Mark | None:
    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    started = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return Mark(pid, started) if started else None


def is_alive(process: Mark) -> bool:
    """Whether that very process still lives."""
    return mark(process.pid) == process


def group_of(leader: Mark, variable: str) -> list[Mark]:
    """Return the living processes of the leader's group, the leader dead or not, that bear the environment variable.

    The variable (NAME=VALUE) tells them from strangers that were given the same number since.
    """
    if not Path("/proc/self").exists():
        return [leader] if is_alive(leader) else []
    members = (mark(int(entry.name)) for entry in Path("/proc").glob("[0-9]*") if _bears(entry, variable))
    return [member for member in members if member and _group(member.pid) == leader.pid]


def _bears(entry: Path, variable: str) -> bool:
    try:
        return variable.encode() in (entry / "environ").read_bytes().split(b"\0")
    except OSError:
        return False


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def start(part: Part, log: Path) -> subprocess.Popen[bytes]:
    """Start the part; its words are added to its log."""
    leash = [sys.executable, "-S", "-E", str(LEASH), str(int(part.orphan_signal)), str(os.getpid())]
    with log.open("ab") as words:
        return subprocess.Popen(
            [*leash, *part.command],
            cwd=PLACE,
            env=dict(part.environment),
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def signal_group(pid: int, number: signal.Signals) -> None:
    """Send the signal to the process's group, if there is still one."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def send(process: Mark, number: signal.Signals) -> None:
    """Send the signal to that very process, if it still lives."""
    with contextlib.suppress(ProcessLookupError):
        if is_alive(process):
            os.kill(process.pid, number)


def wait_for(condition: Callable[[], bool], *, seconds: float, pause: float = 0.05) -> bool:
    """Look until it holds or the time is over; return whether it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True
