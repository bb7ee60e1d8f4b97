"""An archive's entry as both formats give it, and the refusal that names a bad one."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import IO, Literal

from interlock_agent.errors import Refused
from interlock_agent.exit_codes import ExitCode

MemberKind = Literal["file", "directory", "symlink", "hardlink", "other"]


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of an archive, whatever its format. `target` is a link's."""

    name: str
    kind: MemberKind
    size: int
    mode: int
    open: Callable[[], AbstractContextManager[IO[bytes]]]
    target: str = ""


def unsafe_archive(name: str, why: str) -> Refused:
    """Return the refusal of an archive; `name` is the member to blame, empty where none is."""
    where = f"member {name[:200]!r}" if name else "the archive"
    return Refused(ExitCode.UNSAFE_ARCHIVE, f"{where} {why}"[:500])
