"""One list per fact: what Terraform declares is what the code and the contract say."""

import base64
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from interlock.bootstrap import load_routes
from interlock.config import SETTINGS, settings_of
from interlock.domain.requests.schema_validation import SchemaValidator
from interlock.ledger.records import RECORD_TYPES
from interlock.schema_files import load_schema
from interlock_local.stack import names
from interlock_local.stack.topology import SUBSCRIPTIONS, TOPICS
from tests.deploy.plans import EXAMPLES, ROOT, resources

ENDPOINTS = {"PUBSUB_EMULATOR_HOST", "INTERLOCK_RUN_ENDPOINT"}
"""Settings that only lead away from Google; a deployment has none of them."""

TUNED = {"INTERLOCK_LEASE_SECONDS", "INTERLOCK_MAX_STARTS", "INTERLOCK_RUNBOOKS", "INTERLOCK_RECONCILE_PAGE"}


def environments(example: str) -> dict[str, Mapping[str, str]]:
    """Return each function's environment variables by its entry point."""
    found = {}
    for one in resources(example, "google_cloudfunctions2_function"):
        entry_point = one.values["build_config"][0]["entry_point"]
        found[entry_point] = one.values["service_config"][0]["environment_variables"]
    return found


def test_terraform_sets_exactly_the_settings_of_each_function() -> None:
    wanted = {
        function: {row.name for row in settings_of(settings).values()} - ENDPOINTS
        for function, settings in SETTINGS.items()
    }
    assert {function: set(found) for function, found in environments("three-projects").items()} == wanted


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_function_starts_with_what_terraform_sets(example: str) -> None:
    for function, variables in environments(example).items():
        SETTINGS[function].read(variables)


def test_what_is_not_tuned_keeps_the_default_of_the_code() -> None:
    for variables in environments("one-environment").values():
        assert TUNED.isdisjoint(variables)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_routes_keep_the_contract(example: str) -> None:
    assert load_routes(environments(example)["dispatch_release"]["INTERLOCK_ROUTES"])


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_routes_pass_the_command_that_checks_anybodys(example: str, tmp_path: Path) -> None:
    file = tmp_path / "routes.json"
    file.write_text(environments(example)["dispatch_release"]["INTERLOCK_ROUTES"])
    done = subprocess.run([sys.executable, "-m", "interlock_cli", "routes", "check", str(file)], check=False)
    assert done.returncode == 0


def test_scheduled_messages_keep_the_contract() -> None:
    contract = SchemaValidator.of(load_schema("release-request.v1"))
    jobs = [one for one in resources("three-projects", "google_cloud_scheduler_job") if one.values["pubsub_target"]]
    bodies: list[Any] = [json.loads(base64.b64decode(one.values["pubsub_target"][0]["data"])) for one in jobs]
    assert bodies
    assert [violation for body in bodies for violation in contract.violations(body)] == []


def test_topics_and_subscriptions_are_those_of_the_local_stack() -> None:
    topics = {
        one.values["name"] for one in resources("one-environment", "google_pubsub_topic") if "_iam_" not in one.kind
    }
    assert topics == {topic.rsplit("/", 1)[-1] for topic in TOPICS}
    found = {
        one.values["name"]: one.values["topic"].rsplit("/", 1)[-1]
        for one in resources("one-environment", "google_pubsub_subscription")
        if "_iam_" not in one.kind
    }
    assert found == {spec.name: spec.topic.rsplit("/", 1)[-1] for spec in SUBSCRIPTIONS}


def test_functions_are_those_of_the_table_and_of_the_local_stack() -> None:
    assert set(environments("one-environment")) == set(SETTINGS) == set(names.FUNCTIONS)


def test_every_kind_of_record_keeps_its_text_out_of_the_indexes() -> None:
    fields = [one.values for one in resources("one-environment", "google_firestore_field")]
    assert {one["collection"] for one in fields if one["field"] == "body"} == set(RECORD_TYPES)


@pytest.mark.parametrize("setting", sorted(TUNED))
def test_what_can_be_tuned_is_a_setting_of_the_readme(setting: str) -> None:
    assert f"| `{setting}` |" in (ROOT / "README.md").read_text()
