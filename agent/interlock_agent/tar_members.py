"""Reads a tar's entries as members, plain or in gzip."""

import tarfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import IO

from interlock_agent.archive import Kind, Member

BROKEN_TAR: tuple[type[Exception], ...] = (tarfile.TarError,)


def tar_members(archive: Path, *, is_gzip: bool) -> Iterator[Member]:
    """Yield every entry of the tar as it is read; its content is readable only until the next one is asked for."""
    with tarfile.open(archive, "r:gz" if is_gzip else "r:") as opened:
        for info in opened:
            yield _member(opened, info)


def _member(opened: tarfile.TarFile, info: tarfile.TarInfo) -> Member:
    return Member(info.name, _kind(info), info.size, info.mode, partial(_open, opened, info), info.linkname)


def _kind(info: tarfile.TarInfo) -> Kind:
    if info.isdir():
        return "directory"
    if info.issym():
        return "symlink"
    if info.islnk():
        return "hardlink"
    return "file" if info.isreg() else "other"


def _open(opened: tarfile.TarFile, info: tarfile.TarInfo) -> AbstractContextManager[IO[bytes]]:
    stream = opened.extractfile(info)
    if stream is None:
        raise ValueError("has no content")
    return nullcontext(stream)
