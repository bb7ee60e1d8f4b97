"""Refuses a zip whose directory is too large, before zipfile loads all of it into memory."""

import struct
from pathlib import Path
from typing import BinaryIO

_END, _END64_LOCATOR, _END64 = b"PK\x05\x06", b"PK\x06\x07", b"PK\x06\x06"
_END_SIZE, _LOCATOR_SIZE = 22, 20
_LONGEST_COMMENT = 65535


def check_directory_size(archive: Path, most_bytes: int) -> None:
    """Raise ValueError where the directory is larger than the members allowed could ever need."""
    with archive.open("rb") as stream:
        size = _directory_size(stream, archive.stat().st_size)
    if size > most_bytes:
        raise ValueError(f"has a directory of {size} bytes, more than {most_bytes}")


def _directory_size(stream: BinaryIO, length: int) -> int:
    tail_start = max(0, length - _END_SIZE - _LONGEST_COMMENT - _LOCATOR_SIZE)
    stream.seek(tail_start)
    tail = stream.read()
    end = tail.rfind(_END)
    if end < 0 or len(tail) - end < _END_SIZE:
        return 0  # no zip at all: zipfile raises its own error
    size = _size64(stream, tail[max(0, end - _LOCATOR_SIZE) : end])
    return size if size is not None else int(struct.unpack_from("<L", tail, end + 12)[0])


def _size64(stream: BinaryIO, locator: bytes) -> int | None:
    if not locator.startswith(_END64_LOCATOR) or len(locator) < _LOCATOR_SIZE:
        return None
    stream.seek(min(struct.unpack_from("<Q", locator, 8)[0], 2**62))
    record = stream.read(56)
    is_record = record.startswith(_END64) and len(record) == 56
    return int(struct.unpack_from("<Q", record, 40)[0]) if is_record else None
