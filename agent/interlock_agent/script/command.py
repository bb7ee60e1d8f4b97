"""Decides what is executed for a script: which file, by which interpreter, with which variables."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from interlock_agent.errors import Refused
from interlock_agent.exit_codes import ExitCode

_INTERPRETERS = {".sh": "bash", ".py": "python3"}
_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_CONTAINER_VARIABLES = ("PATH", "HOME", "LANG", "TMPDIR")


@dataclass(frozen=True, slots=True)
class Command:
    """What is executed, where, and with which variables."""

    argv: Sequence[str]
    directory: Path
    environment: Mapping[str, str]


def script_environment(environ: Mapping[str, str], release: Mapping[str, str]) -> dict[str, str]:
    """Return the script's whole environment: four of the container's variables, and the release's own."""
    container = {name: environ[name] for name in _CONTAINER_VARIABLES if environ.get(name)}
    return {"PATH": _DEFAULT_PATH, **container, **release}


def find_in_artifact(directory: Path, script: str) -> Path:
    """Return the script's path in the unpacked artifact; it must be a file that lies inside."""
    root, path = directory.resolve(), (directory / script).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        raise Refused(ExitCode.NO_SCRIPT, f"the artifact has no file {script[:200]!r}")
    return path


def command_line(path: Path, args: Sequence[str]) -> list[str]:
    """Return argv: the file itself where its mode allows it, else the interpreter of its #! line or extension.

    Many zip files carry no modes, so a missing executable bit does not mean that the author forbids to run the file.
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
    """Return the #! line split as the kernel splits it: the program, and all the rest as one argument."""
    with path.open("rb") as stream:
        line = stream.readline(4096)
    return line[2:].decode(errors="surrogateescape").strip().split(None, 1) if line.startswith(b"#!") else []
