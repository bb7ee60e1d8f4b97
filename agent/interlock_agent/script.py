"""Runs the release's script: no shell in between, an allow-listed environment, its own process group."""

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from interlock_agent.exit_codes import ExitCode, Refused
from interlock_agent.output import Output
from interlock_agent.stop import Stop, signal_group

_INTERPRETERS = {".sh": "bash", ".py": "python3"}
_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_CONTAINER_VARIABLES = ("PATH", "HOME", "LANG", "TMPDIR")
_DRAIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Command:
    """What is executed, where, and with which variables."""

    argv: Sequence[str]
    directory: Path
    environment: Mapping[str, str]


def script_environment(environ: Mapping[str, str], release: Mapping[str, str]) -> dict[str, str]:
    """Return the script's whole environment: four names of the container's, and the release's own."""
    container = {name: environ[name] for name in _CONTAINER_VARIABLES if environ.get(name)}
    return {"PATH": _DEFAULT_PATH, **container, **release}


def find_inside(directory: Path, script: str) -> Path:
    """Return the script's path in the unpacked artifact; it must be a file that lies inside."""
    root, path = directory.resolve(), (directory / script).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        raise Refused(ExitCode.NO_SCRIPT, f"the artifact has no file {script[:200]!r}")
    return path


def command_line(path: Path, args: Sequence[str]) -> list[str]:
    """Return argv: the file itself where its mode says so, else the interpreter of its #! line or extension.

    Zip files often carry no modes, so a missing executable bit says little about what the author meant.
    """
    interpreter = _shebang(path)
    if interpreter and os.access(path, os.X_OK):
        return [str(path), *args]
    by_extension = _INTERPRETERS.get(path.suffix)
    if interpreter or by_extension:
        return [*(interpreter or [str(by_extension)]), str(path), *args]
    if os.access(path, os.X_OK):
        return [str(path), *args]
    raise Refused(ExitCode.NO_SCRIPT, f"{path.name!r} is not executable, and no #! line or extension says what runs it")


def _shebang(path: Path) -> list[str]:
    """Return the words of the #! line as the kernel splits them: the program, and all the rest as one word."""
    with path.open("rb") as stream:
        line = stream.readline(4096)
    return line[2:].decode(errors="surrogateescape").strip().split(None, 1) if line.startswith(b"#!") else []


def run_script(command: Command, output: Output, stop: Stop) -> int:
    """Run the command to its end and return its code, negative for a signal; its whole group ends with it."""
    with stop.held():
        process = _start(command)
        stop.forward_to(process.pid)
    readers = _read_in_background(process, output)
    process.returncode = _reap(process.pid)
    stop.forward_to(None)
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


def _read_in_background(process: subprocess.Popen[bytes], output: Output) -> list[threading.Thread]:
    pipes = {"stdout": process.stdout, "stderr": process.stderr}
    readers = [threading.Thread(target=output.drain, args=pair, daemon=True) for pair in pipes.items()]
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
    """Read what is left; whoever keeps the pipes open past the script's end is killed."""
    for reader in readers:
        reader.join(_DRAIN_SECONDS)
    signal_group(group, signal.SIGKILL)
    for reader in readers:
        reader.join(_DRAIN_SECONDS)
