"""Every command on a page is one that exists, with flags that it knows."""

import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.docs.generate import command_paths, find
from tests.docs.pages import ROOT, pages, words

INTERLOCK = {".venv/bin/interlock", "interlock"}
OTHERS = {"gcloud", "docker"}
COMMANDS = [(page.name, line) for page in pages() for line in page.commands]


def parts(line: str) -> Iterator[list[str]]:
    """Yield the line's command, or those inside of an eval's $(…)."""
    own = words(line)
    if own and own[0] == "eval":
        yield from map(words, re.findall(r"\$\((.*?)\)", " ".join(own[1:])))
    elif own:
        yield own


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_a_command_on_a_page_exists(page: str, line: str) -> None:
    for first, *rest in parts(line):
        if first == "make":
            assert set(rest) <= make_targets()
        elif first in INTERLOCK:
            parse(rest)
        else:
            assert first in OTHERS


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))


def parse(arguments: list[str]) -> None:
    """Parse as the command line does; an unknown command or flag raises."""
    path = "interlock"
    while arguments and f"{path} {arguments[0]}" in command_paths():
        path, arguments = f"{path} {arguments[0]}", arguments[1:]
    command, context = find(path)
    assert not getattr(command, "commands", None), f"{path} needs a command after it, found {arguments}"
    command.make_parser(context).parse_args(list(arguments))


def test_the_readme_has_commands() -> None:
    assert len([line for page, line in COMMANDS if page == "README.md"]) >= 5


@pytest.mark.parametrize("line", ["interlock publsh release.json", "interlock publish --waitt release.json"])
def test_a_mistyped_command_is_seen(line: str) -> None:
    with pytest.raises(Exception, match=r"needs a command|No such option"):
        parse(words(line)[1:])


@pytest.mark.parametrize("block", [line for _, line in COMMANDS], ids=str)
def test_bash_can_read_it(block: str) -> None:
    bash = shutil.which("bash") or "/bin/bash"
    subprocess.run([bash, "-n", "-c", block], check=True, capture_output=True)
