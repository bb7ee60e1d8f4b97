"""Cuts the text of a stream into masked lines in bounds; a secret across the border of two pieces is masked whole."""

import re
from collections.abc import Iterator

from interlock_agent.masking.mask import MASKED, Mask

_WINDOW = 8 * 1024  # longer than any known secret's slice and all but the oddest tokens
_TOKEN = re.compile(r"[\w.~+/=\\-]*")
_KEY_BEGINS = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----(?!.*-----END )")
_KEY_ENDS = "-----END "
_MOST_KEY_LINES = 500


class MaskedLines:
    """Takes text as it comes and gives whole masked lines, or parts of a line that is over the bound."""

    def __init__(self, mask: Mask, longest: int) -> None:
        self._mask = mask
        self._longest = longest
        self._held = ""
        self._is_in_token = False
        self._key_lines_left = 0

    def feed(self, text: str) -> Iterator[str]:
        """Take at most one line's text, with its end if it has come; yield what can be written now."""
        self._held += self._after_token(text)
        if self._held.endswith("\n"):
            yield from self.end()
        while len(self._held) > self._longest + _WINDOW:
            yield from self._bounded(self._head())

    def end(self) -> Iterator[str]:
        """Yield what is left of the line."""
        line, self._held, self._is_in_token = self._held.rstrip("\r\n"), "", False
        yield from self._bounded(self._whole(line))

    def _after_token(self, text: str) -> str:
        """Leave out the rest of a token that was longer than the window."""
        if not self._is_in_token:
            return text
        found = _TOKEN.match(text)
        assert found is not None
        self._is_in_token = found.end() == len(text)
        return text[found.end() :]

    def _whole(self, line: str) -> str:
        if self._key_lines_left:
            self._key_lines_left = 0 if _KEY_ENDS in line else self._key_lines_left - 1
            return MASKED
        if _KEY_BEGINS.search(line):
            self._key_lines_left = _MOST_KEY_LINES
        return self._mask(line)

    def _head(self) -> str:
        """Cut off the line's first part, never inside of a secret, and return it masked."""
        spans = self._mask.spans(self._held)
        cut = self._longest
        for start, end in spans:
            if start < cut < end:
                cut = start or end
        head, self._held = self._held[:cut], self._held[cut:]
        self._is_in_token = not self._held
        return MASKED if self._key_lines_left else self._mask.cover(head, [span for span in spans if span[1] <= cut])

    def _bounded(self, text: str) -> Iterator[str]:
        yield from (text[start : start + self._longest] for start in range(0, len(text), self._longest))
