"""Two scripts as a team has them already run unchanged."""

import json
import zipfile
from pathlib import Path

import pytest

from tests.contract.agent_process import Bench

SAMPLES = Path(__file__).with_name("samples")
TERRAFORM = """#!/bin/sh
printf '%s\\n' "terraform $*"
[ "$1" != "$FAIL_AT" ]
"""


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    archive = tmp_path / "samples.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for path in sorted(one for one in SAMPLES.rglob("*") if one.is_file()):
            packed.write(path, path.relative_to(SAMPLES))
    bench.variables |= {"ARTIFACT_PATH": archive.as_uri()}
    return bench


def _with_terraform(bench: Bench) -> str:
    tools = bench.root / "tools"
    tools.mkdir()
    (tools / "terraform").write_text(TERRAFORM)
    (tools / "terraform").chmod(0o755)
    return f"{tools}:/usr/local/bin:/usr/bin:/bin"


def test_a_script_with_options_calls_the_terraform_of_the_image(bench: Bench) -> None:
    args = json.dumps(["--region", "europe-west1", "--env", "staging"])
    run = bench.run(PATH=_with_terraform(bench), DEPLOYMENT_SCRIPT="deploy_region.py", SCRIPT_ARGS=args)
    assert run.code == 0
    assert "terraform apply -input=false -auto-approve -var=region=europe-west1 -var=env=staging" in run.messages


def test_its_option_parser_still_refuses_what_it_refuses(bench: Bench) -> None:
    args = json.dumps(["--region", "europe-west1", "--env", "moon"])
    run = bench.run(PATH=_with_terraform(bench), DEPLOYMENT_SCRIPT="deploy_region.py", SCRIPT_ARGS=args)
    assert run.code == 2
    assert any("invalid choice" in line for line in bench.result()["error_lines"])


def test_a_failing_terraform_fails_the_release_with_its_code(bench: Bench) -> None:
    args = json.dumps(["--region", "europe-west1", "--env", "dev"])
    path = _with_terraform(bench)
    variables = {"FAIL_AT": "apply", "INTERLOCK_SCRIPT_VARIABLES": "FAIL_AT"}
    assert bench.run(PATH=path, DEPLOYMENT_SCRIPT="deploy_region.py", SCRIPT_ARGS=args, **variables).code == 1
    assert bench.result()["error_lines"] == ["terraform apply failed"]


def test_a_script_reads_its_parameters_from_a_json_file_of_the_artifact(bench: Bench) -> None:
    args = json.dumps(["parameters/staging.json"])
    run = bench.run(DEPLOYMENT_SCRIPT="deploy_service.sh", SCRIPT_ARGS=args)
    assert run.code == 0
    assert "rolling out checkout & friends with 3 replicas" in run.messages
    assert bench.result()["outputs"] == {"service": "checkout & friends"}
