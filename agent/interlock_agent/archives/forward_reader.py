"""Reads a compressed stream forwards for tarfile within limits: neither headers nor content can grow beyond them."""

from typing import IO

_STEP = 64 * 1024


class ForwardReader:
    """A file for `tarfile`; it seeks back by one byte only, as tarfile does to see whether a member is whole."""

    def __init__(self, source: IO[bytes], most_bytes: int) -> None:
        self._source = source
        self._left = most_bytes
        self._allowed = 0
        self._position = 0
        self._last = b""
        self._again = b""
        self.is_short = False

    def allow(self, count: int) -> None:
        """Let the next reads take this many bytes in all; what is skipped counts for the total alone."""
        self._allowed = count

    def tell(self) -> int:
        """Return the position in the unpacked stream."""
        return self._position - len(self._again)

    def seek(self, target: int, whence: int = 0) -> int:
        """Move on to the target, or back by one byte."""
        if whence or target < self.tell() - 1:
            raise ValueError("cannot be read twice")
        if target < self.tell():
            self._again = self._last
        while self.tell() < target and self._take(min(_STEP, target - self.tell())):
            pass
        return self.tell()

    def read(self, count: int) -> bytes:
        """Return that many bytes, fewer only at the end."""
        self._allowed -= count
        if self._allowed < 0:
            raise ValueError("has headers or content beyond every bound")
        parts, missing = [], count
        while missing and (part := self._take(min(_STEP, missing))):
            parts.append(part)
            missing -= len(part)
        self.is_short = self.is_short or missing > 0
        return b"".join(parts)

    def drain(self) -> None:
        """Read to the end, so that the compression's own checksum is compared."""
        while self._take(_STEP):
            pass

    def _take(self, count: int) -> bytes:
        if self._again:
            again, self._again = self._again, b""
            return again
        part = self._source.read(count)
        self._left -= len(part)
        if self._left < 0:
            raise ValueError("is larger unpacked than every bound")
        self._position += len(part)
        self._last = part[-1:] or self._last
        return part
