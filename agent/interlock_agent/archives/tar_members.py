"""Reads a tar's entries as members, plain, in gzip or in zstd."""

import gzip
import tarfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, cast

from interlock_agent.archives.forward_reader import ForwardReader
from interlock_agent.archives.interface import Member, MemberKind
from interlock_agent.limits import Limits

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_GZIP_MAGIC = b"\x1f\x8b"
_MOST_HEADER_BYTES = 1024 * 1024
_OVERHEAD_BYTES = 4096  # headers and padding of one member
_MOST_WINDOW = 128 * 1024 * 1024  # what `zstd --long` uses


def broken_tar(magic: bytes) -> tuple[type[Exception], ...]:
    """Return what is raised where such a tar is broken."""
    if magic == ZSTD_MAGIC:
        from zstandard import ZstdError  # noqa: PLC0415 - only for a tar.zst

        return tarfile.TarError, ZstdError
    return (tarfile.TarError,)


def tar_members(archive: Path, magic: bytes, limits: Limits) -> Iterator[Member]:
    """Yield every entry of the tar as it is read; its content is readable only until the next one is asked for."""
    with ExitStack() as stack:
        source = stack.enter_context(_open(archive, magic))
        reader = ForwardReader(source, limits.unpacked_bytes + limits.members * _OVERHEAD_BYTES)
        reader.allow(_MOST_HEADER_BYTES)
        opened = stack.enter_context(tarfile.open(fileobj=cast("IO[bytes]", reader), mode="r:"))
        while info := opened.next():
            yield _Entry(opened, info, reader).member()
            reader.allow(_MOST_HEADER_BYTES)
        if reader.is_short:
            raise ValueError("ends without a tar's end mark")
        reader.drain()


def _open(archive: Path, magic: bytes) -> AbstractContextManager[IO[bytes]]:
    if magic[:2] == _GZIP_MAGIC:
        return cast("AbstractContextManager[IO[bytes]]", gzip.open(archive, "rb"))
    if magic == ZSTD_MAGIC:
        import zstandard  # noqa: PLC0415 - only for a tar.zst

        decompressor = zstandard.ZstdDecompressor(max_window_size=_MOST_WINDOW)
        return decompressor.stream_reader(archive.open("rb"), read_across_frames=True, closefd=True)
    return archive.open("rb")


@dataclass(frozen=True, slots=True)
class _Entry:
    opened: tarfile.TarFile
    info: tarfile.TarInfo
    reader: ForwardReader

    def member(self) -> Member:
        info = self.info
        return Member(info.name, _kind(info), info.size, info.mode, partial(_content, self), info.linkname)


def _kind(info: tarfile.TarInfo) -> MemberKind:
    if info.isdir():
        return "directory"
    if info.issym():
        return "symlink"
    if info.islnk():
        return "hardlink"
    return "file" if info.isreg() else "other"


def _content(entry: _Entry) -> AbstractContextManager[IO[bytes]]:
    entry.reader.allow(entry.info.size + _MOST_HEADER_BYTES)
    stream = entry.opened.extractfile(entry.info)
    if stream is None:
        raise ValueError("has no content")
    return nullcontext(stream)
