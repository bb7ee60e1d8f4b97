"""The line and column of each part of a JSON or YAML text, so that an editor can jump to what is wrong."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import yaml

from interlock.domain.requests.json_body import escaped

_IN_MESSAGE = re.compile(r"line (\d+), column (\d+)")


class SourcePosition(NamedTuple):
    """A line and column of a text; both count from 1."""

    line: int
    column: int


def source_positions(text: str) -> Mapping[str, SourcePosition]:
    """Return the position of each JSON Pointer: of the key, in an object; empty where the text is neither format."""
    try:
        root = yaml.compose(text.replace("\t", " "), Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return {}
    return dict(_walk(root, "", root.start_mark)) if root else {}


def position_in_message(message: str) -> SourcePosition | None:
    """Return the position that a parser's message names."""
    match = _IN_MESSAGE.search(message)
    return SourcePosition(int(match[1]), int(match[2])) if match else None


def _walk(node: yaml.Node, pointer: str, mark: yaml.Mark) -> Iterator[tuple[str, SourcePosition]]:
    yield pointer, SourcePosition(mark.line + 1, mark.column + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _walk(value, f"{pointer}/{escaped(str(key.value))}", key.start_mark)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _walk(item, f"{pointer}/{index}", item.start_mark)
