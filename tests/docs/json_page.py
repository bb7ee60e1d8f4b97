"""Writes docs/json.md: what each command prints with --json, from the schema that the tests hold it to."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from interlock_cli.views import output

SHAPES: Mapping[str, Any] = json.loads(Path(output.__file__).with_name("output.v1.json").read_text())["$defs"]
INTRODUCTION = """# What `--json` prints

With `--json`, or `INTERLOCK_JSON=1`, a command prints one JSON document on standard output, and nothing else there.
`logs` and `watch`, which print as they go, print an object a line.
An error prints no document: it is told on standard error, and by the [exit code](commands.md).

A thing has one shape wherever it is printed: a release in `wait` is a release in `releases list`.
Keys may be added; a key that is here keeps its name and meaning.
The schema is `cli/interlock_cli/views/output.v1.json`; `python -m tests.docs.generate` writes this page from it.

## By command
"""


def page() -> str:
    """Return the page."""
    commands = {name: shape for name, shape in SHAPES.items() if " " in name}
    things = {name: shape for name, shape in SHAPES.items() if " " not in name}
    lines = [INTRODUCTION, "| command | prints | |", "|---|---|---|"]
    lines += [f"| `{name}` | {_kind(shape)} | {shape['description']} |" for name, shape in commands.items()]
    for name, shape in things.items():
        lines += [f"\n## {name}\n", f"{shape['description']}\n", *_keys(shape)]
    return "\n".join(lines) + "\n"


def _keys(shape: Mapping[str, Any]) -> Iterator[str]:
    yield "| key | is | |"
    yield "|---|---|---|"
    for key, value in shape["properties"].items():
        always = "" if key in shape["required"] else ", may be absent"
        yield f"| `{key}` | {_kind(value)}{always} | {value['description']} |"


def _kind(shape: Mapping[str, Any]) -> str:
    if "$ref" in shape:
        name = shape["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name})"
    if "anyOf" in shape:
        return " or ".join(_kind(one) for one in shape["anyOf"])
    if shape.get("type") == "array":
        return f"list of {_kind(shape['items'])}"
    if "enum" in shape:
        return ", ".join(f"`{word}`" for word in shape["enum"])
    if shape.get("type") == "object" and shape.get("properties"):
        return "object of " + ", ".join(f"`{key}`" for key in shape["properties"])
    kinds = shape.get("type", "true")
    return " or ".join(kinds) if isinstance(kinds, list) else str(kinds)
