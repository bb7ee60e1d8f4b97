"""Control of a stack from another process: start it in the background, read its environment, stop it."""

import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from interlock_local.stack.errors import ServiceFailed, StackError
from interlock_local.stack.plan import StackPlan, encode
from interlock_local.stack.process import wait_for
from interlock_local.stack.state import StackRecord, clear_leftovers, read_record

STOP_SECONDS = 60.0


def start(plan: StackPlan) -> StackRecord:
    """Start the stack as a process of its own; return when it is ready, raise StackError if it cannot start."""
    logs = plan.state / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    file = plan.state / "plan.json"
    file.write_bytes(encode(plan))
    log = logs / "supervisor.log"
    pid, report = _spawn([sys.executable, "-m", "interlock_local", str(file)], log)
    try:
        with report:
            line = report.readline()
    except BaseException:  # Ctrl-C: nobody waits for it to be ready any more
        os.kill(pid, signal.SIGTERM)
        raise
    if not line or not json.loads(line).get("ready"):
        os.waitpid(pid, 0)
        raise _start_error(line, log)
    record = read_record(plan.state)
    assert record
    return record


def _spawn(command: list[str], log: Path) -> tuple[int, BinaryIO]:
    """Start a process in a session of its own, which nobody waits for; return its pid and its standard output."""
    readable, writable = os.pipe()
    pid = os.posix_spawn(
        command[0],
        command,
        os.environ,
        setsid=True,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, writable, 1),
            (os.POSIX_SPAWN_OPEN, 2, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666),
        ],
    )
    os.close(writable)
    return pid, os.fdopen(readable, "rb")


def _start_error(line: bytes, log: Path) -> StackError:
    if not line:
        return StackError("the local stack ended while it started", f"read {log}")
    report = json.loads(line)
    kind = ServiceFailed if report["service_failed"] else StackError
    return kind(report["what"], report["remedy"], log=tuple(report["log"]))


def running(state: Path) -> StackRecord:
    """Return the record of the stack that runs on this directory; raise StackError if none does, or none is ready."""
    record = read_record(state.resolve())
    if record is None or not record.is_running:
        raise StackError(f"no local stack runs on {state}", f"interlock local up --detach --state {state}")
    if not record.ready:
        raise StackError(f"the local stack on {state} is still starting", "try again in a moment")
    return record


def running_environment(state: Path) -> Mapping[str, str]:
    """Return what a shell needs to talk to the running stack."""
    return running(state).environment


def stop(state: Path) -> bool:
    """Stop the stack and wait for it, or end what a killed one left; return False if there was nothing to stop."""
    state = state.resolve()
    record = read_record(state)
    if record is None:
        return False
    if not record.is_running:
        return clear_leftovers(state)
    os.kill(record.supervisor.pid, signal.SIGTERM)
    if not wait_for(lambda: not record.is_running, seconds=STOP_SECONDS):
        os.kill(record.supervisor.pid, signal.SIGKILL)
        clear_leftovers(state)
    return True
