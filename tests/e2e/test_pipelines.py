"""The pipelines to paste: each keeps its platform's schema, and its shell publishes, waits and ends as the release."""

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.docs.pages import ROOT
from tests.e2e.stack import COMMAND, Stack

FOLDER = ROOT / "docs" / "pipelines"
SCHEMAS = {
    "cloudbuild": "vendor.cloudbuild",
    "github-actions": "vendor.github-workflows",
    "gitlab-ci": "vendor.gitlab-ci",
}


def pipeline(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.load((FOLDER / f"{name}.yaml").read_text(), yaml.BaseLoader)
    return document


def _cloudbuild(document: Mapping[str, Any]) -> str:
    [step] = document["steps"]
    assert (step["entrypoint"], step["args"][0]) == ("bash", "-ceu")
    script: str = step["args"][1]
    return "set -eu\n" + script.replace("$PROJECT_ID", "acme").replace("$COMMIT_SHA", "4f1e2d3")


def _github(document: Mapping[str, Any]) -> str:
    return "set -e\n" + "\n".join(step["run"] for step in document["jobs"]["release"]["steps"] if "run" in step)


def _gitlab(document: Mapping[str, Any]) -> str:
    return "set -e\n" + "\n".join(document["release"]["script"])


SCRIPTS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "cloudbuild": _cloudbuild,
    "github-actions": _github,
    "gitlab-ci": _gitlab,
}


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """Return a folder of tools: a pip that installs nothing, an interlock led to the stack, not to a project."""
    folder = tmp_path / "bin"
    folder.mkdir()
    command = " ".join(f"'{word}'" for word in COMMAND)
    for name, text in {"pip": "exit 0", "interlock": f'shift 2; exec {command} "$@"'}.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    return folder


@pytest.mark.parametrize(("script", "code"), [("true", 0), ("exit 3", 1)])
@pytest.mark.parametrize("name", SCRIPTS)
def test_its_shell_publishes_waits_and_ends_as_the_release(
    name: str, script: str, code: int, stack: Stack, tools: Path, tmp_path: Path
) -> None:
    request = stack.a_request(script=script)
    (tmp_path / "release.json").write_text(json.dumps(request))
    platform = {
        "GITHUB_SHA": "4f1e2d3",
        "CI_COMMIT_SHA": "4f1e2d3",
        "CI_PROJECT_DIR": str(tmp_path),
        "GITLAB_TOKEN": "t",
    }
    done = subprocess.run(
        ["bash", "-c", SCRIPTS[name](pipeline(name))],
        cwd=tmp_path,
        env={**stack.environment, **platform, "PATH": f"{tools}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == code, done.stderr
    release = stack.release(request["release_id"])
    assert release
    assert release.request["source_commit"] == "4f1e2d3"


def test_gitlab_s_credentials_file_is_json(tmp_path: Path, tools: Path) -> None:
    script = "\n".join(pipeline("gitlab-ci")["release"]["script"][:2])
    environment = {"PATH": os.environ["PATH"], "CI_PROJECT_DIR": str(tmp_path), "GITLAB_TOKEN": "token"}
    subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environment, check=True)
    credentials = json.loads((tmp_path / ".credentials.json").read_text())
    assert Path(credentials["credential_source"]["file"]).read_text().strip() == "token"
    assert credentials["audience"].startswith("//iam.googleapis.com/")


@pytest.mark.parametrize("name", SCHEMAS)
def test_it_keeps_its_platform_s_schema(name: str) -> None:
    found = files("check_jsonschema") / "builtin_schemas" / "vendor"
    [path] = [one for one in found.iterdir() if one.name.removesuffix(".json") == SCHEMAS[name].removeprefix("vendor.")]
    schema = json.loads(path.read_text())
    document = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    document = {("on" if key is True else key): value for key, value in document.items()}  # YAML 1.1's `on`
    jsonschema.validators.validator_for(schema)(schema).validate(document)


def test_actions_are_pinned_by_commit_and_say_which_version_that_is() -> None:
    lines = [line for line in (FOLDER / "github-actions.yaml").read_text().splitlines() if "uses:" in line]
    assert len(lines) == 3
    for line in lines:
        action, _, comment = line.partition(" # ")
        assert len(action.rpartition("@")[2]) == 40
        assert comment.startswith("v")
