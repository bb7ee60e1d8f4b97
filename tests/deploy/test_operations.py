"""Every command of a page or of a build step exists: make targets, Terraform's, gcloud's and our own, with flags."""

import re
import shlex
import shutil
import subprocess

import pytest

from tests.deploy.plans import ROOT, TERRAFORM
from tests.docs.pages import FENCED, Page, pages
from tests.docs.test_commands import parse

OPERATIONS = Page(ROOT / "docs" / "operations.md")
INLINE = re.compile(r"`((?:gcloud|terraform|interlock) [^`]+)`")


def commands_of(page: Page) -> list[list[str]]:
    """Return every command of the page, in its blocks and in its sentences."""
    blocks = [line for language, block in FENCED.findall(page.text) if language == "sh" for line in block.splitlines()]
    lines = [*blocks, *page.commands, *(found.replace("\\|", "|") for found in INLINE.findall(page.prose))]
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def recipes() -> list[list[str]]:
    """Return every call of gcloud and terraform in the steps of the build."""
    text = (
        (TERRAFORM / "Makefile").read_text().replace("\\\n", " ").replace("$(TERRAFORM)", "terraform -chdir=terraform")
    )
    found = re.findall(r"((?:gcloud|terraform -chdir=\S+) [^>\n]*)", text)
    return [shlex.split(line) for line in found if "TERRAFORM :=" not in line]


COMMANDS = commands_of(OPERATIONS)
EVERYWHERE = [words for page in pages() for words in commands_of(page)] + recipes()
GCLOUD = sorted({tuple(words) for words in EVERYWHERE if words[0] == "gcloud"})
INTERLOCK = sorted({tuple(words) for words in EVERYWHERE if words[0].endswith("interlock") and words[-1] != "…"})


def test_every_command_is_one_of_four() -> None:
    assert len(COMMANDS) > 8
    assert {words[0] for words in COMMANDS} <= {"gcloud", "make", "terraform", "interlock"}


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"(?m)^([a-z]+):.*## ", (TERRAFORM / "Makefile").read_text()))
    for words in COMMANDS:
        if words[0] == "make":
            assert words[1:3] == ["-C", "terraform"]
            assert {word for word in words[3:] if "=" not in word} <= targets


def test_every_terraform_command_exists_with_its_flags() -> None:
    for words in EVERYWHERE:
        if words[0] == "terraform":
            verb, *rest = [word for word in words[1:] if not word.startswith("-chdir")]
            told = subprocess.run(["terraform", verb, "-help"], capture_output=True, text=True, check=False).stdout
            assert f"terraform [global options] {verb}" in told
            options = [word.split("=")[0] for word in rest if word.startswith("-")]
            # The options of a plan are described with plan, though apply takes them, too.
            described = subprocess.run(
                ["terraform", "plan", "-help"], capture_output=True, text=True, check=True
            ).stdout
            assert [option for option in options if option not in told + described] == []


@pytest.mark.parametrize("words", INTERLOCK, ids=" ".join)
def test_every_command_of_our_own_exists_with_its_flags(words: tuple[str, ...]) -> None:
    parse(list(words[1:]))


def test_every_address_that_is_targeted_is_declared() -> None:
    text = "".join(path.read_text() for path in TERRAFORM.glob("*.tf"))
    targets = [word.split("=")[1] for words in COMMANDS for word in words if word.startswith("-target=")]
    assert targets
    for kind, name in (target.split(".") for target in targets):
        assert f'resource "{kind}" "{name}"' in text


@pytest.mark.slow
@pytest.mark.parametrize("words", GCLOUD, ids=" ".join)
def test_every_gcloud_command_exists_with_its_flags(words: tuple[str, ...]) -> None:
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        pytest.skip("gcloud is not installed")
    group = words[
        1 : next(index for index, word in enumerate(words) if index > 2 and not re.fullmatch("[a-z-]+", word))
    ]
    told = _help([gcloud, *group]) or _help([gcloud, *group[:-1]])
    assert told, words
    assert [word for word in words if word.startswith("--") and word not in told] == []


def _help(command: list[str]) -> str:
    done = subprocess.run([*command, "--help"], capture_output=True, text=True, check=False)
    return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout) if done.returncode == 0 else ""
