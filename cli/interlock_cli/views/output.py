"""How commands print: results to standard output as text or as one JSON document, everything else to standard error."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from interlock_cli.errors import CommandError

if TYPE_CHECKING:
    from rich.table import Table

JsonFlag = Annotated[
    bool, typer.Option("--json", envvar="INTERLOCK_JSON", help="Print one JSON document instead of text.")
]
"""The `--json` of every command that prints one result: the document is in cli/interlock_cli/views/output.v1.json."""

JsonLinesFlag = Annotated[
    bool, typer.Option("--json", envvar="INTERLOCK_JSON", help="Print one JSON object a line instead of text.")
]
"""The `--json` of every command that prints as it goes."""

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
"""What a word in a table is painted with on a terminal."""


def show(document: object, lines: Iterable[str], *, as_json: bool) -> None:
    """Print the result: the document as JSON for programs, or the lines for people."""
    if as_json:
        print(json.dumps(document, indent=2, ensure_ascii=False), flush=True)
        return
    for line in lines:
        print(line, flush=True)


def show_json_line(document: object) -> None:
    """Print one object of many, on a line of its own."""
    print(json.dumps(document, ensure_ascii=False, default=str), flush=True)


def show_table(document: object, headings: Sequence[str], rows: Iterable[Sequence[object]], *, as_json: bool) -> None:
    """Print the result as JSON, as a table on a terminal, or as plain columns into a pipe."""
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    if as_json or not sys.stdout.isatty():
        show(document, _columns([list(headings), *cells]), as_json=as_json)
        return
    from rich.console import Console

    Console().print(as_table(headings, cells))


def as_table(headings: Sequence[str], cells: Iterable[Sequence[str]]) -> "Table":
    """Return the cells as a table for a terminal; a word that is a state has its colour."""
    from rich.table import Table
    from rich.text import Text

    table = Table(*headings, box=None, pad_edge=False, header_style="bold")
    for row in cells:
        table.add_row(*(Text(cell, style=COLOURS.get(cell, ""), overflow="fold") for cell in row))
    return table


def _columns(rows: list[list[str]]) -> Iterable[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def say(line: str) -> None:
    """Tell the person at the terminal how things go; never part of the result."""
    print(line, file=sys.stderr, flush=True)


def show_error(error: CommandError) -> None:
    """Print what happened and what to do, a line each."""
    say(f"error: {error.what}")
    say(f"hint:  {error.remedy}")
