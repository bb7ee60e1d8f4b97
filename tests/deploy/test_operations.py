"""Every command of the operations page exists: make targets, Terraform's own, and gcloud's with their flags."""

import re
import shlex
import shutil
import subprocess

import pytest

from tests.deploy.plans import ROOT, TERRAFORM

BLOCKS = re.findall(r"(?ms)^```sh\n(.*?)^```", (ROOT / "docs" / "operations.md").read_text())
INLINE = re.findall(r"`((?:gcloud|terraform) [^`]+)`", (ROOT / "docs" / "operations.md").read_text())
COMMANDS = [shlex.split(line) for line in [*"".join(BLOCKS).splitlines(), *INLINE]]
GCLOUD = [words for words in COMMANDS if words[0] == "gcloud"]


def test_every_command_is_one_of_three() -> None:
    assert len(COMMANDS) > 8
    assert {words[0] for words in COMMANDS} == {"gcloud", "make", "terraform"}


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"(?m)^([a-z]+):.*## ", (TERRAFORM / "Makefile").read_text()))
    for words in COMMANDS:
        if words[0] == "make":
            assert words[1:3] == ["-C", "terraform"]
            assert {word for word in words[3:] if "=" not in word} <= targets


def test_every_terraform_command_exists_with_its_flags() -> None:
    for words in COMMANDS:
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


def test_every_address_that_is_targeted_is_declared() -> None:
    text = "".join(path.read_text() for path in TERRAFORM.glob("*.tf"))
    targets = [word.split("=")[1] for words in COMMANDS for word in words if word.startswith("-target=")]
    assert targets
    for kind, name in (target.split(".") for target in targets):
        assert f'resource "{kind}" "{name}"' in text


@pytest.mark.slow
@pytest.mark.parametrize("words", GCLOUD, ids=" ".join)
def test_every_gcloud_command_exists_with_its_flags(words: list[str]) -> None:
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
