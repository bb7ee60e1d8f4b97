"""Plans of the Terraform examples, made without a network, and what the tests read from them."""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TERRAFORM = ROOT / "terraform"
EXAMPLES = ("one-environment", "three-projects", "private-nexus")


@dataclass(frozen=True)
class Resource:
    """One planned resource: its address inside the module, its type and its known values."""

    address: str
    kind: str
    values: Mapping[str, Any]
    unknown: Mapping[str, Any]


def checker() -> Path:
    """Return the command that checks and plans a directory offline, or skip with the reason."""
    found = Path(os.environ.get("INTERLOCK_TERRAFORM_CHECK", ""))
    if not found.is_file():
        pytest.skip("INTERLOCK_TERRAFORM_CHECK names no command that checks Terraform offline")
    return found


def check(directory: Path, plan: Path | None = None) -> str:
    """Check the directory (format, validate, its tests) and plan it if asked; return what was said."""
    command = [str(checker()), str(directory), *([str(plan)] if plan else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout


@cache
def plan(example: str) -> Mapping[str, Any]:
    """Return the example's plan as Terraform writes it in JSON; made once."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "plan.json"
        check(TERRAFORM / "examples" / example, path)
        document: dict[str, Any] = json.loads(path.read_text())
    return document


def resources(example: str, kind: str = "") -> list[Resource]:
    """Return the planned resources whose type begins so."""
    return [one for one in _resources(plan(example)) if one.kind.startswith(kind)]


def _resources(document: Mapping[str, Any]) -> Iterator[Resource]:
    for change in document["resource_changes"]:
        if change["mode"] == "managed":
            address = change["address"].removeprefix("module.interlock.")
            yield Resource(address, change["type"], change["change"]["after"], change["change"]["after_unknown"])


def grants(example: str) -> set[str]:
    """Return every IAM member of the plan as `WHO: ROLE on WHAT`, with `if …` where a condition narrows it."""
    return {grant_of(one) for one in resources(example) if re.search("_iam_(?!workload_identity_pool)", one.kind)}


_PLACES = {
    "google_artifact_registry_repository_iam_member": ("repository", "repository"),
    "google_cloud_run_v2_job_iam_member": ("job", "name"),
    "google_cloud_run_v2_service_iam_member": ("function", "name"),
    "google_project_iam_member": ("project", "project"),
    "google_pubsub_subscription_iam_member": ("subscription", "subscription"),
    "google_pubsub_topic_iam_member": ("topic", "topic"),
    "google_secret_manager_secret_iam_member": ("secret", "secret_id"),
    "google_storage_bucket_iam_member": ("bucket", "bucket"),
}


def grant_of(resource: Resource) -> str:
    """Return the member as a line; a kind that is not listed (a policy, a binding) replaces others' and is an error."""
    word, attribute = _PLACES[resource.kind]
    values = resource.values
    where = f"{values['project']}/{values[attribute]}" if word in {"job", "secret"} else values[attribute]
    condition = "".join(f" if {one['expression']}" for one in values["condition"])
    return f"{_who(resource)}: {values['role'].removeprefix('roles/')} on {word} {where}{condition}"


def _who(resource: Resource) -> str:
    if resource.unknown.get("member"):
        return f"writer of {resource.address}"
    member = re.sub(r"(service-|projects/)[^@/]+(?=[@/])", r"\1N", resource.values["member"])
    return member.removeprefix("serviceAccount:").removesuffix(".iam.gserviceaccount.com")
