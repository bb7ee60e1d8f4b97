"""The pipelines to paste are YAML, and the commands in them are ones that the command line takes."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.generate import find
from tests.docs.pages import words

PIPELINES = sorted((Path(__file__).parents[2] / "docs" / "pipelines").glob("*.yaml"))


def texts(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from texts(item)
    elif isinstance(node, str):
        yield node


@pytest.mark.parametrize("path", PIPELINES, ids=lambda path: path.stem)
def test_a_pipeline_publishes_with_flags_that_exist(path: Path) -> None:
    lines = [line for text in texts(yaml.safe_load(path.read_text())) for line in text.splitlines()]
    [line] = [line for line in lines if line.startswith("interlock ")]
    before, after = re.split(r" publish ", line)
    for command_path, arguments in (("interlock", words(before)[1:]), ("interlock publish", words(after))):
        command, context = find(command_path)
        command.make_parser(context).parse_args(arguments)


def test_there_are_pipelines() -> None:
    assert len(PIPELINES) == 3
