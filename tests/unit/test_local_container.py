"""What a task's container is given and what it is kept from; the command alone, nothing is started."""

import stat
from itertools import pairwise
from pathlib import Path

import pytest

from interlock_local.stack.container import IMAGE, build, find_tool, run_command
from interlock_local.stack.errors import StackError

ENVIRON = {
    "PATH": "/bin",
    "HOME": "/home/me",
    "INTERLOCK_RESULTS": "file:///state/results",
    "RELEASE_PARAM_X": "a b $(c) 'd'",
    "CLOUD_RUN_EXECUTION": "agent-one",
}


def option_values(option: str, command: list[str]) -> list[str]:
    return [after for before, after in pairwise(command) if before == option]


def a_tool(folder: Path, text: str) -> Path:
    tool = folder / "tool"
    tool.write_text(f"#!/bin/sh\n{text}\n")
    tool.chmod(stat.S_IRWXU)
    return tool


def test_the_container_is_restricted_as_in_production() -> None:
    command = run_command("podman", IMAGE, ENVIRON, user=0)
    assert command[:2] == ["podman", "run"]
    assert {"--read-only", "--cap-drop=all", "--security-opt=no-new-privileges"} <= set(command)
    assert command[-1] == IMAGE


def test_it_gets_the_releases_variables_unchanged_and_none_of_this_machine() -> None:
    given = option_values("-e", run_command("podman", IMAGE, ENVIRON, user=0))
    assert "RELEASE_PARAM_X=a b $(c) 'd'" in given
    assert "CLOUD_RUN_EXECUTION=agent-one" in given
    assert not [one for one in given if one.startswith(("PATH=", "HOME="))]


def test_it_sees_its_results_and_the_files_of_its_release_alone(tmp_path: Path) -> None:
    artifact = tmp_path / "my app.zip"
    artifact.touch()
    environ = {
        **ENVIRON,
        "ARTIFACT_PATH": artifact.as_uri(),
        "DEPLOYMENT_SCRIPT": "deploy.sh",
        "MANIFEST_PATH": "gs://b/m",
    }
    mounts = option_values("-v", run_command("podman", IMAGE, environ, user=0))
    assert mounts == ["/state/results:/state/results", f"{artifact}:{artifact}:ro"]


def test_a_source_that_does_not_exist_is_left_for_the_agent_to_report() -> None:
    environ = {**ENVIRON, "ARTIFACT_PATH": "file:///no/such.zip"}
    assert option_values("-v", run_command("podman", IMAGE, environ, user=0)) == ["/state/results:/state/results"]


@pytest.mark.parametrize(("tool", "keeps"), [("/usr/bin/podman", True), ("/usr/bin/docker", False)])
def test_what_it_writes_belongs_to_whoever_runs_the_stack(tool: str, *, keeps: bool) -> None:
    command = run_command(tool, IMAGE, ENVIRON, user=1000)
    assert option_values("--user", command) == ["1000"]
    assert ("--userns=keep-id" in command) is keeps


def test_a_tool_that_is_not_there_is_reported_with_the_remedy() -> None:
    with pytest.raises(StackError, match="no-such-tool is not there") as refused:
        find_tool("no-such-tool")
    assert "leave --container out" in refused.value.remedy


def test_an_image_that_cannot_be_built_is_reported_with_the_tools_log(tmp_path: Path) -> None:
    tool = a_tool(tmp_path, "echo no space left; exit 3")
    with pytest.raises(StackError, match="ended with 3"):
        build(str(tool), log=tmp_path / "image.log")
    assert (tmp_path / "image.log").read_text() == "no space left\n"
