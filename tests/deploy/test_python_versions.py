"""One Python everywhere: what is deployed is tested, and the oldest is what the code is checked against."""

import re
import tomllib

from tests.deploy.plans import ROOT, TERRAFORM

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
TESTED = [one.removeprefix("Programming Language :: Python :: ") for one in PROJECT["project"]["classifiers"]]
VARIABLES = (TERRAFORM / "variables.tf").read_text()
DOCKERFILE = (ROOT / "agent" / "Dockerfile").read_text()


def version(pattern: str, text: str) -> str:
    """Return the version that the pattern finds, with its dot."""
    (found,) = re.findall(pattern, text)
    return f"3.{found}"


def test_every_version_from_the_oldest_to_the_newest_is_tested() -> None:
    oldest, newest = (int(TESTED[place].removeprefix("3.")) for place in (0, -1))
    assert [f"3.{minor}" for minor in range(oldest, newest + 1)] == TESTED


def test_the_oldest_is_the_one_that_the_checks_assume() -> None:
    oldest = TESTED[0]
    assert PROJECT["project"]["requires-python"] == f">={oldest}"
    assert PROJECT["tool"]["mypy"]["python_version"] == oldest
    assert PROJECT["tool"]["ruff"]["target-version"] == f"py{oldest.replace('.', '')}"


def test_functions_and_agent_run_on_the_same_tested_version() -> None:
    deployed = version(r'default\s+= "python3(\d+)"', VARIABLES)
    assert deployed == version(r"(?m)^ARG BASE=python:3\.(\d+)-", DOCKERFILE)
    assert deployed in TESTED


def test_the_stand_in_of_the_agents_base_is_of_its_version() -> None:
    stand_in = (ROOT / "tests" / "container" / "python" / "Dockerfile").read_text()
    assert set(re.findall(r"python3\.(\d+)", stand_in)) == {version(r"(?m)^ARG BASE=python:3\.(\d+)-", DOCKERFILE)[2:]}
