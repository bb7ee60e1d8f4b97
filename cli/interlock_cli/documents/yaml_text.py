"""Reads YAML as JSON: only the part of YAML 1.2 that JSON can express, so that `no` and dates stay texts."""

import json
import re
from typing import Any

import yaml


class YamlError(Exception):
    """The text is no YAML, or JSON cannot express it."""


class _JsonLoader(yaml.SafeLoader):
    """Reads null, booleans and numbers as JSON writes them; every other scalar is a text."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - the library's own way


_SCALARS = (
    ("null", r"(?:null|~|)\Z", [*"n~", ""]),
    ("bool", r"(?:true|false)\Z", [*"tf"]),
    ("int", r"-?(?:0|[1-9][0-9]*)\Z", [*"-0123456789"]),
    ("float", r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?\Z", [*"-0123456789"]),
)
for _name, _pattern, _first in _SCALARS:
    _JsonLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(_pattern), _first)


def yaml_to_json(text: str) -> bytes:
    """Return the document as JSON; raise YamlError with the line and column of what is wrong."""
    try:
        root = yaml.compose(text, Loader=_JsonLoader)
    except yaml.YAMLError as error:
        raise YamlError(_message(error)) from error
    return _json(root, set()).encode() if root else b""


def _json(node: yaml.Node, ancestors: set[int]) -> str:
    """Write the node as JSON with its duplicate keys, so that the contract's own parser reports them."""
    if id(node) in ancestors:
        raise _refusal(node, "an alias to what holds it")
    inside = ancestors | {id(node)}
    if isinstance(node, yaml.MappingNode):
        pairs = (f"{json.dumps(str(key.value))}: {_json(value, inside)}" for key, value in node.value)
        return "{" + ", ".join(pairs) + "}"
    if isinstance(node, yaml.SequenceNode):
        return "[" + ", ".join(_json(item, inside) for item in node.value) + "]"
    kind = node.tag.rpartition(":")[2]
    if kind in {"bool", "int", "float"}:
        return str(node.value)
    if kind not in {"str", "null"}:
        raise _refusal(node, f"the tag {node.tag}")
    return "null" if kind == "null" else json.dumps(node.value)


def _refusal(node: yaml.Node, what: str) -> YamlError:
    return YamlError(f"{what} at line {node.start_mark.line + 1}, column {node.start_mark.column + 1}")


def _message(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return f"{problem} at line {mark.line + 1}, column {mark.column + 1}" if mark else problem
