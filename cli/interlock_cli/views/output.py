"""How commands print: results to standard output as text or as one JSON document, everything else to standard error."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from interlock_cli.errors import CommandError

if TYPE_CHECKING:
    from rich.table import Table

COLOURS = {
    "succeeded": "green",
    "failed": "red",
    "rejected": "magenta",
    "errored": "magenta",
    "dead_lettered": "magenta",
    "cancelled": "yellow",
    "superseded": "yellow",
    "expired": "yellow",
    "started": "cyan",
    "queued": "blue",
    "ok": "green",
    "fault": "red",
}
"""The colour of each state in a table on a terminal."""


def print_result(document: object, lines: Iterable[str], *, as_json: bool) -> None:
    """Print the result: the document as JSON for programs, or the lines for people."""
    if as_json:
        print(json.dumps(document, indent=2, ensure_ascii=False), flush=True)
        return
    for line in lines:
        print(line, flush=True)


def print_json_line(document: object) -> None:
    """Print one object of many, on a line of its own."""
    print(json.dumps(document, ensure_ascii=False, default=str), flush=True)


def print_table(document: object, headings: Sequence[str], rows: Iterable[Sequence[object]], *, as_json: bool) -> None:
    """Print the result as JSON, as a table on a terminal, or as plain columns into a pipe."""
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    if as_json or not sys.stdout.isatty():
        print_result(document, () if as_json else _columns([list(headings), *cells]), as_json=as_json)
        return
    from rich.console import Console

    Console().print(terminal_table(headings, cells))


def terminal_table(headings: Sequence[str], cells: Iterable[Sequence[str]]) -> "Table":
    """Return the cells as a table for a terminal, with each state in its colour."""
    from rich.table import Table
    from rich.text import Text

    table = Table(*headings, box=None, pad_edge=False, header_style="bold")
    for row in cells:
        table.add_row(*(Text(cell, style=COLOURS.get(cell, ""), overflow="fold") for cell in row))
    return table


def _columns(rows: list[list[str]]) -> Iterable[str]:
    """Yield the rows with each column as wide as its widest cell; a terminal shows some characters two cells wide."""
    from rich.cells import cell_len, set_cell_size

    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(map(set_cell_size, row, widths)).rstrip()


def print_status(line: str) -> None:
    """Print a line about how things go to standard error; it is never part of the result."""
    print(line, file=sys.stderr, flush=True)


def print_error(error: CommandError) -> None:
    """Print what happened and what to do, a line each, after the error's details."""
    for line in (*error.details, f"error: {error.what}", f"hint:  {error.remedy}"):
        print_status(line)
