"""Where the parts of a JSON or YAML text stand, so that an editor can jump to what is wrong."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import yaml

from interlock.domain.requests.json_body import escaped

_TOLD = re.compile(r"line (\d+), column (\d+)")


class Position(NamedTuple):
    """A place in a text; both numbers begin at 1."""

    line: int
    column: int


def positions(text: str) -> Mapping[str, Position]:
    """Return the position of each JSON Pointer: of the key, in an object; empty where the text is neither format."""
    try:
        root = yaml.compose(text.replace("\t", " "), Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return {}
    return dict(_walk(root, "", root.start_mark)) if root else {}


def told_position(text: str) -> Position | None:
    """Return the position that a parser's message names."""
    match = _TOLD.search(text)
    return Position(int(match[1]), int(match[2])) if match else None


def _walk(node: yaml.Node, pointer: str, mark: yaml.Mark) -> Iterator[tuple[str, Position]]:
    yield pointer, Position(mark.line + 1, mark.column + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _walk(value, f"{pointer}/{escaped(str(key.value))}", key.start_mark)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _walk(item, f"{pointer}/{index}", item.start_mark)
