"""Reads a tar's entries as members, plain or in gzip."""

import tarfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import IO

from interlock_agent.archive import Kind, Member


def tar_members(archive: Path, *, is_gzip: bool) -> Iterator[Member]:
    """Yield every entry of the tar as it is read; ValueError where it is broken."""
    try:
        with tarfile.open(archive, "r:gz" if is_gzip else "r:") as opened:
            for info in opened:
                yield _member(opened, info)
    except tarfile.TarError as problem:
        raise ValueError(f"not a zip, tar or tar.gz, or a broken one: {problem}") from problem


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
