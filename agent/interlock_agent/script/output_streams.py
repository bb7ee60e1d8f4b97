"""Turns the script's standard output and error into log lines as they come, and keeps the last errors."""

import codecs
import re
from collections import deque
from typing import BinaryIO

from interlock_agent.log import Log
from interlock_agent.masking.mask import Mask
from interlock_agent.masking.masked_lines import MaskedLines

_LONGEST_LINE = 16 * 1024
_LONGEST_KEPT = 1000
_LINES_KEPT = 20
_SEVERITIES = {"stdout": "INFO", "stderr": "WARNING"}
_MARKER = re.compile(r"::(debug|notice|warning|error)(?: [^:]*)?::(.*)", re.DOTALL)
_PLAIN = re.compile(r"\[?(debug|info|notice|warn|warning|error|fatal|critical)(?:\]|:)", re.IGNORECASE)
_SYNONYMS = {"warn": "WARNING", "fatal": "CRITICAL"}


class OutputStreams:
    """Reads both streams of a script, each in its own thread."""

    def __init__(self, log: Log, mask: Mask) -> None:
        self._log = log
        self._mask = mask
        self._errors: deque[str] = deque(maxlen=_LINES_KEPT)

    @property
    def error_lines(self) -> list[str]:
        """The last lines of the error stream and of those marked as errors, bounded and masked."""
        return list(self._errors)

    def log_lines(self, stream: str, pipe: BinaryIO) -> None:
        """Log every line until the stream ends; a line over the bound is logged in parts."""
        decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        lines = MaskedLines(self._mask, _LONGEST_LINE)
        with pipe:
            while piece := pipe.readline(_LONGEST_LINE):
                for line in lines.feed(decode(piece, final=piece.endswith(b"\n"))):
                    self._log_line(stream, line)
        for line in (*lines.feed(decode(b"", final=True)), *lines.end()):
            self._log_line(stream, line)

    def _log_line(self, stream: str, line: str) -> None:
        if not line:
            return
        severity, text = read_severity(line, _SEVERITIES[stream])
        if stream == "stderr" or severity in {"ERROR", "CRITICAL"}:
            self._errors.append(text[:_LONGEST_KEPT])
        self._log.write(severity, text, {"stream": stream})


def read_severity(line: str, default: str) -> tuple[str, str]:
    """Return the line's severity and text: a `::error::` marker is read and taken off, `ERROR: …` is read and kept."""
    marker = _MARKER.fullmatch(line)
    if marker:
        return marker[1].upper(), marker[2]
    plain = _PLAIN.match(line)
    return (_SYNONYMS.get(plain[1].lower(), plain[1].upper()) if plain else default), line
