"""Unpacks an artifact (zip, tar, tar.gz, tar.zst) into an empty directory, or refuses it and names the bad member."""

import stat
import zlib
from collections.abc import Iterator
from pathlib import Path

from interlock_agent.archives.interface import Member, MemberKind, unsafe_archive
from interlock_agent.archives.member_paths import folded, safe_link_target, safe_name
from interlock_agent.errors import Refused
from interlock_agent.limits import Limits

_CHUNK = 256 * 1024
_READ_ERRORS = (OSError, ValueError, EOFError, RuntimeError, zlib.error)


def unpack(archive: Path, directory: Path, *, limits: Limits) -> None:
    """Unpack the archive; links come last, so nothing is ever written through one."""
    unpacker = _Unpacker(directory, limits)
    with archive.open("rb") as stream:
        magic = stream.read(4)
    members, broken = _members(archive, magic, limits)
    errors: tuple[type[Exception], ...] = (*broken, *_READ_ERRORS)
    try:
        for member in members:
            unpacker.take(member)
        unpacker.link()
    except errors as problem:
        raise unsafe_archive(unpacker.current, f"cannot be unpacked: {problem}") from problem


def _members(archive: Path, magic: bytes, limits: Limits) -> tuple[Iterator[Member], tuple[type[Exception], ...]]:
    """Return the archive's members, and what its library raises where the archive is broken."""
    if magic[:2] == b"PK":
        from interlock_agent.archives.zip_members import BROKEN_ZIP, zip_members  # noqa: PLC0415 - only for a zip

        return zip_members(archive, limits), BROKEN_ZIP
    from interlock_agent.archives.tar_members import broken_tar, tar_members  # noqa: PLC0415 - only for a tar

    return tar_members(archive, magic, limits), broken_tar(magic)


class _Unpacker:
    def __init__(self, directory: Path, limits: Limits) -> None:
        self._root = directory
        self._limits = limits
        self._bytes_left = limits.unpacked_bytes
        self._members = 0
        self._kinds: dict[str, MemberKind] = {}
        self._spellings: dict[str, str] = {}
        self._links: list[tuple[str, str]] = []
        self.current = ""

    def take(self, member: Member) -> None:
        self.current = member.name
        self._members += 1
        if self._members > self._limits.members:
            raise unsafe_archive(member.name, f"is one too many: at most {self._limits.members}")
        name = safe_name(member.name)
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

    def _enter(self, name: str, kind: MemberKind, member: Member) -> None:
        first = self._spellings.setdefault(folded(name), name)
        if first != name:
            raise unsafe_archive(member.name, f"differs from {first!r} only in case or accents")
        known = self._kinds.get(name)
        if known is not None and (known, kind) != ("directory", "directory"):
            raise unsafe_archive(member.name, f"comes where {name!r} is a {known} already")
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
                self._links.append((name, safe_link_target(name, member)))
            case "hardlink":
                self._hardlink(name, member)
            case "other":
                raise unsafe_archive(member.name, "is neither file, directory nor link")

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
        return unsafe_archive(member.name, f"brings the archive over {self._limits.unpacked_bytes} bytes")

    def _hardlink(self, name: str, member: Member) -> None:
        target = safe_name(member.target)
        if self._kinds.get(target) != "file" or target == name:
            raise unsafe_archive(member.name, f"links to {member.target[:100]!r}, which is no file before it")
        (self._root / name).hardlink_to(self._root / target)
