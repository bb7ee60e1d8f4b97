"""How commands print: results to standard output as text or as one JSON document, everything else to standard error."""

import json
import sys
from collections.abc import Iterable
from typing import Annotated

import typer

from cli.errors import CommandError

JsonFlag = Annotated[
    bool, typer.Option("--json", envvar="INTERLOCK_JSON", help="Print one JSON document instead of text.")
]
"""The `--json` of every command that prints a result."""


def show(document: object, lines: Iterable[str], *, as_json: bool) -> None:
    """Print the result: the document as JSON for programs, or the lines for people."""
    if as_json:
        print(json.dumps(document, indent=2, ensure_ascii=False), flush=True)
        return
    for line in lines:
        print(line, flush=True)


def say(line: str) -> None:
    """Tell the person at the terminal how things go; never part of the result."""
    print(line, file=sys.stderr, flush=True)


def show_error(error: CommandError) -> None:
    """Print what happened and what to do, a line each."""
    say(f"error: {error.what}")
    say(f"hint:  {error.remedy}")
