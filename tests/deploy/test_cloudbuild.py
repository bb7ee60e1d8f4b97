"""The build of Interlock itself: its steps are make targets, and what is applied is the digest that was pushed."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.cloud.devtools.cloudbuild_v1.types import Build
from google.protobuf.json_format import ParseError

from tests.deploy.plans import ROOT

BUILD: dict[str, Any] = yaml.safe_load((ROOT / "cloudbuild.yaml").read_text())
DIGEST = f"registry/agent@sha256:{'a' * 64}"
OWN = {"SHORT_SHA", "COMMIT_SHA", "PROJECT_ID", "BUILD_ID", "LOCATION", "TAG_NAME", "BRANCH_NAME", "REPO_NAME"}
"""What Cloud Build substitutes by itself; a digest is not among it."""

ROUTE = {"name": "all", "job": "projects/acme-release/locations/europe-west1/jobs/release-agent"}

TOOL = """#!/bin/sh
echo "$(basename "$0") $*" >> "$CALLS"
case "$*" in
  *describe*) echo "$DIGEST" ;;
  *list-vulnerabilities*) echo "$SEVERITY" ;;
  *scan*) echo projects/p/locations/us/scans/1 ;;
  *show*) echo "$PLAN" ;;
esac
"""


@pytest.fixture
def tools(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which docker, gcloud and terraform note how they are called and answer as they do."""
    for name in ("docker", "gcloud", "terraform"):
        (tmp_path / name).write_text(TOOL)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "calls").touch()
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "CALLS": str(tmp_path / "calls")}
    return {**environment, "DIGEST": DIGEST, "SEVERITY": "LOW", "PLAN": planned([ROUTE])}


def planned(routes: list[dict[str, str]]) -> str:
    """Return a plan, as terraform show prints it, of an installation with these routes."""
    return json.dumps({"planned_values": {"outputs": {"routes": {"value": json.dumps({"routes": routes})}}}})


def run(step: str, environment: dict[str, str], folder: Path) -> int:
    """Run the step's make target as Cloud Build would, with its files in a folder of the test's own."""
    (arguments,) = [one["args"] for one in BUILD["steps"] if one["id"] == step]
    settings = [*(re.sub(r"\$\{\w+\}", "x", one) for one in arguments), f"RELEASE={folder}", f"DIR={folder}"]
    return subprocess.run(["make", *settings], cwd=ROOT, env=environment, check=False).returncode


def read_as_cloud_build_does(build: dict[str, Any]) -> Build:
    """Parse the build by the service's own message type; an unknown key or a value of another type raises."""
    read = Build.from_json(json.dumps(build), ignore_unknown_fields=False)
    assert isinstance(read, Build)
    return read


def test_cloud_builds_own_schema_takes_the_build_whole() -> None:
    build = read_as_cloud_build_does(BUILD)
    assert [step.id for step in build.steps] == [
        "test",
        "image",
        "push",
        "digest",
        "sbom",
        "scan",
        "plan",
        "routes",
        "apply",
    ]
    assert build.timeout.total_seconds() == 3600
    assert build.options.logging == Build.from_json('{"options": {"logging": "CLOUD_LOGGING_ONLY"}}').options.logging


@pytest.mark.parametrize(
    "mistake",
    [{"step": []}, {"steps": [{"nmae": "x"}]}, {"timeout": "an hour"}, {"options": {"machineType": "HUGE"}}],
    ids=str,
)
def test_cloud_builds_own_schema_refuses_a_mistake(mistake: dict[str, Any]) -> None:
    with pytest.raises(ParseError):
        read_as_cloud_build_does({**BUILD, **mistake})


def test_every_step_is_named_and_calls_a_make_target_that_exists() -> None:
    targets = {
        folder: set(re.findall(r"(?m)^([a-z]+):", (ROOT / folder / "Makefile").read_text()))
        for folder in (".", "terraform")
    }
    for step in BUILD["steps"]:
        assert set(step) == {"id", "name", "entrypoint", "args"}
        assert step["entrypoint"] == "make"
        folder, rest = (step["args"][1], step["args"][2:]) if step["args"][0] == "-C" else (".", step["args"])
        assert rest[0] == step["id"]
        assert rest[0] in targets[folder]


def test_only_what_is_declared_or_cloud_builds_own_is_substituted() -> None:
    used = set(re.findall(r"\$\{(\w+)\}", yaml.safe_dump(BUILD["steps"])))
    assert used - OWN == set(BUILD["substitutions"])


def test_the_builder_is_named_by_digest() -> None:
    assert re.search(r"@sha256:[0-9a-f]{64}$", BUILD["substitutions"]["_BUILDER"])


def test_what_is_planned_is_the_digest_that_was_pushed(tools: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "release"
    folder.mkdir()
    for step in BUILD["steps"][1:]:
        assert run(step["id"], tools, folder) == 0, step["id"]
    calls = Path(tools["CALLS"]).read_text().splitlines()
    assert [call.split()[0] for call in calls] == ["docker"] * 2 + ["gcloud"] * 4 + ["terraform"] * 4
    assert f"-var agent_image={DIGEST} " in calls[-3]
    assert calls[-1].split()[-1] == calls[-3].split()[-1]


def test_what_is_tested_comes_first_and_what_is_applied_last() -> None:
    order = [step["id"] for step in BUILD["steps"]]
    assert (order[0], order[-1]) == ("test", "apply")
    assert all("waitFor" not in step for step in BUILD["steps"]), "steps without waitFor run one after the other"


def test_rolling_back_is_planning_and_applying_the_former_digest(tools: dict[str, str], tmp_path: Path) -> None:
    former = f"registry/agent@sha256:{'b' * 64}"
    (tmp_path / "agent_image").write_text(former)
    assert [run(step, tools, tmp_path) for step in ("plan", "apply")] == [0, 0]
    calls = Path(tools["CALLS"]).read_text()
    assert f"-var agent_image={former} " in calls
    assert "docker" not in calls


@pytest.mark.parametrize("step", ["sbom", "scan", "plan"])
def test_nothing_goes_on_without_a_digest(step: str, tools: dict[str, str], tmp_path: Path) -> None:
    assert run(step, tools, tmp_path) != 0


def test_an_image_without_a_digest_ends_the_build(tools: dict[str, str], tmp_path: Path) -> None:
    assert run("digest", {**tools, "DIGEST": "registry/agent:latest"}, tmp_path) != 0


def test_a_critical_vulnerability_ends_the_build(tools: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "agent_image").write_text(DIGEST)
    assert run("scan", tools, tmp_path) == 0
    assert run("scan", {**tools, "SEVERITY": "CRITICAL"}, tmp_path) != 0


def test_routes_that_break_the_contract_are_not_applied(tools: dict[str, str], tmp_path: Path) -> None:
    assert run("routes", tools, tmp_path) == 0
    assert run("routes", {**tools, "PLAN": planned([{**ROUTE, "lane_mode": "fastest"}])}, tmp_path) != 0
    assert run("routes", {**tools, "PLAN": ""}, tmp_path) != 0
