"""Reads a zip's entries as members; the file's type is in the upper half of its external attributes."""

import stat
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import IO

from interlock_agent.archives.interface import Member, MemberKind
from interlock_agent.archives.zip_directory import check_directory_size
from interlock_agent.limits import Limits

_LONGEST_TARGET = 4096
_DEFAULT_MODE = 0o644
_MOST_DIRECTORY_BYTES = 1024  # of one member
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # the others may ask for gigabytes of memory
BROKEN_ZIP: tuple[type[Exception], ...] = (zipfile.BadZipFile,)


def zip_members(archive: Path, limits: Limits) -> Iterator[Member]:
    """Yield every entry of the zip; its content is readable only until the next one is asked for."""
    check_directory_size(archive, (limits.members + 1) * _MOST_DIRECTORY_BYTES)
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            yield _member(opened, info)


def _member(opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    mode = info.external_attr >> 16
    kind = _kind(info, mode)
    target = _target(opened, info) if kind == "symlink" else ""
    # orig_filename is the name as stored; the other one was already cut at a NUL
    name, content = info.orig_filename, partial(_open, opened, info)
    return Member(name, kind, info.file_size, mode or _DEFAULT_MODE, content, target)


def _kind(info: zipfile.ZipInfo, mode: int) -> MemberKind:
    if stat.S_ISLNK(mode):
        return "symlink"
    if info.is_dir():
        return "directory"
    return "file" if stat.S_IFMT(mode) in {0, stat.S_IFREG} else "other"


def _target(opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> str:
    with _open(opened, info) as stream:
        return stream.read(_LONGEST_TARGET).decode()


def _open(opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> AbstractContextManager[IO[bytes]]:
    if info.compress_type not in _METHODS:
        raise ValueError(f"is packed by method {info.compress_type}; only stored and deflated are taken")
    return opened.open(info)
