"""Runs a command to its end: no shell in between, its own process group, both streams read as they come."""

import os
import signal
import subprocess
import threading
from collections.abc import Sequence

from interlock_agent.errors import Refused
from interlock_agent.exit_codes import ExitCode
from interlock_agent.script.command import Command
from interlock_agent.script.output_streams import OutputStreams
from interlock_agent.script.termination import Termination, signal_group

_DRAIN_SECONDS = 1.0


def run_command(command: Command, streams: OutputStreams, termination: Termination) -> int:
    """Run the command to its end and return its code, negative for a signal; its whole group ends with it."""
    with termination.deferred():
        process = _start(command)
        termination.forward_to(process.pid)
    readers = _read_in_background(process, streams)
    process.returncode = _reap(process.pid)
    termination.forward_to(None)
    _end_group(process.pid, readers)
    return process.returncode


def _start(command: Command) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command.argv,
            cwd=command.directory,
            env=command.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError) as problem:
        raise Refused(ExitCode.NO_SCRIPT, f"cannot run the script: {problem}") from problem


def _read_in_background(process: subprocess.Popen[bytes], streams: OutputStreams) -> list[threading.Thread]:
    pipes = {"stdout": process.stdout, "stderr": process.stderr}
    readers = [threading.Thread(target=streams.log_lines, args=pair, daemon=True) for pair in pipes.items()]
    for reader in readers:
        reader.start()
    return readers


def _reap(pid: int) -> int:
    """Wait for the script, and as PID 1 for every orphan that ends before it."""
    while True:
        ended, status = os.waitpid(-1, 0)
        if ended == pid:
            return os.waitstatus_to_exitcode(status)


def _end_group(group: int, readers: Sequence[threading.Thread]) -> None:
    """Read what is left; a process that keeps the pipes open past the script's end is killed."""
    for reader in readers:
        reader.join(_DRAIN_SECONDS)
    signal_group(group, signal.SIGKILL)
    for reader in readers:
        reader.join(_DRAIN_SECONDS)
