"""Unpacks an artifact (zip, tar, tar.gz, tar.zst) into an empty directory, or refuses it and names the bad member."""

import stat
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from interlock_agent.exit_codes import ExitCode, Refused
from interlock_agent.limits import Limits

_CHUNK = 256 * 1024
_DAMAGES = (OSError, ValueError, EOFError, RuntimeError, zlib.error)

Kind = Literal["file", "directory", "symlink", "hardlink", "other"]


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of an archive, whatever its format. `target` is a link's."""

    name: str
    kind: Kind
    size: int
    mode: int
    open: Callable[[], AbstractContextManager[IO[bytes]]]
    target: str = ""


def unpack(archive: Path, directory: Path, *, limits: Limits) -> None:
    """Unpack the archive; links come last, so nothing is ever written through one."""
    unpacking = _Unpacking(directory, limits)
    with archive.open("rb") as stream:
        magic = stream.read(4)
    members, broken = _members(archive, magic, limits)
    damages: tuple[type[Exception], ...] = (*broken, *_DAMAGES)
    try:
        for member in members:
            unpacking.take(member)
        unpacking.link()
    except damages as problem:
        raise _unsafe(unpacking.current, f"cannot be unpacked: {problem}") from problem


def _members(archive: Path, magic: bytes, limits: Limits) -> tuple[Iterator[Member], tuple[type[Exception], ...]]:
    """Return the archive's members, and what its library raises where the archive is broken."""
    if magic[:2] == b"PK":
        from interlock_agent.zip_members import BROKEN_ZIP, zip_members  # noqa: PLC0415 - only for a zip

        return zip_members(archive, limits), BROKEN_ZIP
    from interlock_agent.tar_members import broken_tar, tar_members  # noqa: PLC0415 - only for a tar

    return tar_members(archive, magic, limits), broken_tar(magic)


def _unsafe(name: str, why: str) -> Refused:
    where = f"member {name[:200]!r}" if name else "the archive"
    return Refused(ExitCode.UNSAFE_ARCHIVE, f"{where} {why}"[:500])


class _Unpacking:
    def __init__(self, directory: Path, limits: Limits) -> None:
        self._root = directory
        self._limits = limits
        self._bytes_left = limits.unpacked_bytes
        self._members = 0
        self._kinds: dict[str, Kind] = {}
        self._spellings: dict[str, str] = {}
        self._links: list[tuple[str, str]] = []
        self.current = ""

    def take(self, member: Member) -> None:
        self.current = member.name
        self._members += 1
        if self._members > self._limits.members:
            raise _unsafe(member.name, f"is one too many: at most {self._limits.members}")
        name = _safe_name(member.name)
        if name == "." and member.kind == "directory":
            return
        self._claim(name, member)
        self._create(name, member)

    def link(self) -> None:
        for name, target in self._links:
            self.current = name
            (self._root / name).symlink_to(target)

    def _claim(self, name: str, member: Member) -> None:
        """Enter the name and its parents; two entries may share a name only if both are directories."""
        parts = name.split("/")
        for end in range(1, len(parts)):
            self._enter("/".join(parts[:end]), "directory", member)
        self._enter(name, member.kind, member)

    def _enter(self, name: str, kind: Kind, member: Member) -> None:
        folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
        if self._spellings.setdefault(folded, name) != name:
            raise _unsafe(member.name, f"differs from {self._spellings[folded]!r} only in case or accents")
        known = self._kinds.get(name)
        if known is not None and (known, kind) != ("directory", "directory"):
            raise _unsafe(member.name, f"comes where {name!r} is a {known} already")
        self._kinds[name] = kind
        if kind == "directory" and known is None:
            (self._root / name).mkdir(0o755)

    def _create(self, name: str, member: Member) -> None:
        match member.kind:
            case "directory":
                return
            case "file":
                self._write(name, member)
            case "symlink":
                self._links.append((name, _safe_target(name, member)))
            case "hardlink":
                self._hardlink(name, member)
            case "other":
                raise _unsafe(member.name, "is neither file, directory nor link")

    def _write(self, name: str, member: Member) -> None:
        if member.size > self._bytes_left:
            raise self._too_large(member)
        path = self._root / name
        with member.open() as source, path.open("xb") as stream:
            while chunk := source.read(_CHUNK):
                self._bytes_left -= len(chunk)
                if self._bytes_left < 0:
                    raise self._too_large(member)
                stream.write(chunk)
        path.chmod(stat.S_IMODE(member.mode) & 0o777 | stat.S_IRUSR | stat.S_IWUSR)

    def _too_large(self, member: Member) -> Refused:
        return _unsafe(member.name, f"brings the archive over {self._limits.unpacked_bytes} bytes")

    def _hardlink(self, name: str, member: Member) -> None:
        target = _safe_name(member.target)
        if self._kinds.get(target) != "file" or target == name:
            raise _unsafe(member.name, f"links to {member.target[:100]!r}, which is no file before it")
        (self._root / name).hardlink_to(self._root / target)


def _safe_name(name: str) -> str:
    """Return the name in its one spelling, or refuse it."""
    if not name or name.startswith("/") or "\\" in name or (len(name) > 1 and name[1] == ":"):
        raise _unsafe(name, "has a path that is absolute or not POSIX")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in name):
        raise _unsafe(name, "has a control character in its path")
    parts = [part for part in name.split("/") if part not in {"", "."}]
    if ".." in parts:
        raise _unsafe(name, "has '..' in its path")
    return "/".join(parts) or "."


def _safe_target(name: str, member: Member) -> str:
    """Return the link's target if it stays inside: `..` only at its start, and no more than it is deep.

    A `..` after a name could step out through another link, so that one is refused whatever it would mean.
    """
    parts = [part for part in member.target.split("/") if part not in {"", "."}]
    climbs = next((index for index, part in enumerate(parts) if part != ".."), len(parts))
    is_inside = climbs <= name.count("/") and ".." not in parts[climbs:]
    if not member.target or "\0" in member.target or member.target.startswith("/") or not is_inside:
        raise _unsafe(member.name, f"links to {member.target[:100]!r}, outside of the archive")
    return member.target
