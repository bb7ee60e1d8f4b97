"""What a security scanner says of the Terraform: nothing, but for what is excused beside it with a reason."""

import json
import os
import re
import shutil
import subprocess

import pytest

from tests.deploy.plans import ROOT, TERRAFORM

CHECKOV = "checkov==3.3.30"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_check_passes_or_is_excused_with_a_reason() -> None:
    uv = shutil.which("uv", path=f"{ROOT / '.uv' / 'bin'}{os.pathsep}{os.environ['PATH']}")
    assert uv, "make setup brings uv where it is missing"
    scan = ("checkov", "--directory", str(TERRAFORM), "--framework", "terraform", "--skip-download", "--output", "json")
    done = subprocess.run([uv, "tool", "run", "--from", CHECKOV, *scan], capture_output=True, text=True, check=False)
    results = json.loads(done.stdout)["results"]
    assert len(results["passed_checks"]) > 50
    assert [f"{one['check_id']} {one['resource']}" for one in results["failed_checks"]] == []


def test_every_excuse_is_one_line_with_a_reason() -> None:
    excuses = [
        line for path in sorted(TERRAFORM.glob("*.tf")) for line in path.read_text().splitlines() if "checkov:" in line
    ]
    assert excuses
    assert [line for line in excuses if not re.search(r"# checkov:skip=CKV2?_GCP_\d+:[A-Z].{20,}\.$", line)] == []
