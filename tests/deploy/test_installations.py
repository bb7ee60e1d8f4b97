"""What the three installations declare: projects, networks, secrets, the perimeter, CI's way in, and nothing public."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.plans import EXAMPLES, TERRAFORM, check, plan, resources

PUBLIC = re.compile(r"allUsers|allAuthenticatedUsers|ALLOW_ALL|publicRead|unspecified", re.IGNORECASE)


def jobs(example: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each job's name and what runs in it."""
    for one in resources(example, "google_cloud_run_v2_job"):
        if "_iam_" not in one.kind:
            yield f"{one.values['project']}/{one.values['name']}", one.values["template"][0]["template"][0]


def only(example: str, kind: str) -> Mapping[str, Any]:
    (found,) = [one.values for one in resources(example, kind) if one.kind == kind]
    return found


@pytest.mark.parametrize("example", EXAMPLES)
def test_nothing_is_open_to_the_public(example: str) -> None:
    assert [one.address for one in resources(example) if PUBLIC.search(json.dumps(one.values))] == []


@pytest.mark.parametrize("example", EXAMPLES)
def test_no_subscription_expires(example: str) -> None:
    subscriptions = [one.values for one in resources(example) if one.kind == "google_pubsub_subscription"]
    assert {(one["name"], one["expiration_policy"][0]["ttl"]) for one in subscriptions} == {
        (name, "")
        for name in (
            "dispatch-release",
            "report-status",
            "alert-dead-letter",
            "dead-letter-review",
            "release-status-tail",
        )
    }


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_job_runs_once_by_digest(example: str) -> None:
    found = dict(jobs(example))
    assert found
    for job in found.values():
        assert job["max_retries"] == 0
        assert re.search(r"@sha256:[0-9a-f]{64}$", job["containers"][0]["image"])


def test_three_environments_are_three_jobs_in_three_projects() -> None:
    assert {name for name, _ in jobs("three-projects")} == {
        f"acme-{name}/release-agent-{name}" for name in ("development", "staging", "production")
    }


def test_a_secret_is_pinned_to_its_version() -> None:
    (production,) = [job for name, job in jobs("three-projects") if name.startswith("acme-production/")]
    (token,) = [one for one in production["containers"][0]["env"] if one["name"] == "DEPLOY_TOKEN"]
    assert token["value_source"][0]["secret_key_ref"][0]["version"] == "3"
    (_, private) = next(jobs("private-nexus"))
    assert [item["version"] for volume in private["volumes"] for item in volume["secret"][0]["items"]] == ["7"]


def test_a_private_environment_leaves_by_its_own_network_alone() -> None:
    (_, job) = next(jobs("private-nexus"))
    (access,) = job["vpc_access"]
    assert access["egress"] == "ALL_TRAFFIC"
    assert access["network_interfaces"][0]["subnetwork"].endswith("/subnetworks/releases")


def test_the_perimeter_holds_the_projects_and_their_apis() -> None:
    perimeter = only("private-nexus", "google_access_context_manager_service_perimeter")
    (status,) = perimeter["status"]
    assert not perimeter["use_explicit_dry_run_spec"]
    assert {"pubsub.googleapis.com", "run.googleapis.com", "storage.googleapis.com"} <= set(
        status["restricted_services"]
    )
    assert resources("one-environment", "google_access_context_manager") == []


def test_ci_signs_in_without_a_key_and_only_from_its_own_organisation() -> None:
    provider = only("three-projects", "google_iam_workload_identity_pool_provider")
    assert provider["attribute_condition"] == "assertion.repository_owner == 'acme'"
    assert provider["oidc"][0]["issuer_uri"] == "https://token.actions.githubusercontent.com"


def test_functions_are_sized_by_the_variable() -> None:
    sizes = {
        one.values["name"]: (size["min_instance_count"], size["max_instance_count"])
        for one in resources("three-projects", "google_cloudfunctions2_function")
        for size in one.values["service_config"]
    }
    assert sizes["dispatch-release"] == (1, 20)
    assert sizes["report-status"] == (0, 10)


def test_an_unchanged_bundle_is_the_same_object_to_the_byte(tmp_path: Path) -> None:
    """Zipped again in another plan it has the same name and the same content: a second apply has nothing to do."""
    check(TERRAFORM / "examples" / "one-environment", tmp_path / "again.json")
    assert _archive(json.loads((tmp_path / "again.json").read_text())) == _archive(plan("one-environment"))


def _archive(document: Mapping[str, Any]) -> tuple[str, str]:
    (module,) = document["prior_state"]["values"]["root_module"]["child_modules"]
    (archive,) = [one["values"] for one in module["resources"] if one["type"] == "archive_file"]
    return Path(archive["output_path"]).name, archive["output_sha256"]
