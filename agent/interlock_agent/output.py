"""Turns the script's output into log lines as it comes, and keeps the last errors for the result."""

import codecs
from collections import deque
from typing import BinaryIO

from interlock_agent.log import Log

_LONGEST_LINE = 16 * 1024
_LONGEST_KEPT = 1000
_LINES_KEPT = 20
_SEVERITIES = {"stdout": "INFO", "stderr": "WARNING"}


class Output:
    """Reads both streams of a script, each in its own thread."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._errors: deque[str] = deque(maxlen=_LINES_KEPT)

    @property
    def error_lines(self) -> list[str]:
        """The last lines of the error stream, bounded."""
        return list(self._errors)

    def drain(self, stream: str, pipe: BinaryIO) -> None:
        """Log every line until the stream ends; a line over the bound is told in parts."""
        decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        with pipe:
            while piece := pipe.readline(_LONGEST_LINE):
                self._tell(stream, decode(piece, final=piece.endswith(b"\n")))
            self._tell(stream, decode(b"", final=True))

    def _tell(self, stream: str, piece: str) -> None:
        line = piece.rstrip("\r\n")
        if not line:
            return
        if stream == "stderr":
            self._errors.append(line[:_LONGEST_KEPT])
        self._log.write(_SEVERITIES[stream], line, {"stream": stream})
