"""Reads what the script wrote to RELEASE_OUTPUTS, in bounds: lines `key=value`, and `key<<END` for several lines."""

import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

from interlock_agent.regular_files import open_regular

MOST_OUTPUTS = 50
_OUTPUT = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]{0,63})=(.*)")
_HEREDOC = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]{0,63})<<([A-Za-z0-9_-]{1,64})")
_LONGEST_VALUE = 1000
_MOST_BYTES = 64 * 1024


def read_outputs(path: Path) -> dict[str, str]:
    """Return the script's outputs; of a key that comes twice the last value, of too many the first ones."""
    try:
        with open_regular(path) as stream:
            text = stream.read(_MOST_BYTES).decode(errors="replace")
    except OSError:
        return {}
    pairs = {key: value[:_LONGEST_VALUE] for key, value in _pairs(text.split("\n"))}
    return dict(list(pairs.items())[:MOST_OUTPUTS])


def _pairs(lines: list[str]) -> Iterator[tuple[str, str]]:
    rest = iter([line.rstrip("\r") for line in lines])
    for line in rest:
        if begin := _HEREDOC.fullmatch(line):
            yield begin[1], "\n".join(_until(begin[2], rest))
        elif found := _OUTPUT.fullmatch(line):
            yield found[1], found[2]


def _until(end: str, rest: Iterator[str]) -> Iterator[str]:
    return takewhile(lambda line: line != end, rest)
