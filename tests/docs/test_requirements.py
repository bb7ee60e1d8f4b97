"""The lists that functions and agent are built from say what uv.lock says."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def uv() -> str:
    own = ROOT / ".uv" / "bin" / "uv"
    found = str(own) if own.exists() else shutil.which("uv")
    if found is None:
        pytest.skip("uv is missing: run the tests through make")
    return found


def export_arguments() -> list[str]:
    makefile = (ROOT / "Makefile").read_text()
    match = re.search(r"^EXPORT +:= (.*)$", makefile, re.MULTILINE)
    assert match
    return match[1].split()


@pytest.mark.parametrize("group", ["functions", "agent"])
def test_the_requirements_are_those_of_the_lock(group: str) -> None:
    command = [uv(), *export_arguments(), "--only-group", group]
    exported = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert (ROOT / group / "requirements.txt").read_text() == exported, "run: make lock"


def test_the_lock_is_that_of_the_project() -> None:
    subprocess.run([uv(), "lock", "--check", "--offline"], cwd=ROOT, check=True, capture_output=True)
