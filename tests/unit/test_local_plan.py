"""What follows from a plan: environments, processes, jobs and subscriptions, all without starting anything."""

from dataclasses import replace
from pathlib import Path

import pytest

from interlock.bootstrap import load_routes
from interlock.config import SETTINGS
from interlock_local.stack import names
from interlock_local.stack.environment import function_environment, shell_environment
from interlock_local.stack.plan import DEFAULT_ROUTES, StackPlan, decode, encode, ports_from
from interlock_local.stack.services import jobs_document, services
from interlock_local.stack.topology import SUBSCRIPTIONS, subscription

PLAN = StackPlan(state=Path("/state"), ports=ports_from(8700))
USER = {"PATH": "/bin", "HOME": "/home/me", "GOOGLE_APPLICATION_CREDENTIALS": "/secret.json", "INTERLOCK_LEDGER": "x"}


@pytest.mark.parametrize("function", SETTINGS)
def test_a_function_gets_every_setting_it_reads(function: str) -> None:
    settings = SETTINGS[function].read(function_environment(PLAN, function))
    assert settings.ledger == "sqlite:///state/ledger.db"
    assert settings.pubsub_endpoint == "127.0.0.1:8700"


@pytest.mark.parametrize("function", SETTINGS)
def test_a_function_logs_with_its_execution_id_as_cloud_functions_has_it(function: str) -> None:
    assert function_environment(PLAN, function)["LOG_EXECUTION_ID"] == "true"


@pytest.mark.parametrize("function", SETTINGS)
def test_a_function_gets_no_setting_of_another(function: str) -> None:
    rows = {name for name in function_environment(PLAN, function) if name.startswith("INTERLOCK_")}
    assert ("INTERLOCK_ROUTES" in rows) == (function == "dispatch_release")


def test_no_service_sees_the_users_credentials_or_settings() -> None:
    for service in services(PLAN, USER):
        assert "GOOGLE_APPLICATION_CREDENTIALS" not in service.environment
        assert service.environment.get("INTERLOCK_LEDGER") != "x"


def test_a_plans_extra_environment_overrides_what_the_functions_get() -> None:
    plan = replace(PLAN, extra_environment={"INTERLOCK_LEASE_SECONDS": "1"})
    assert function_environment(plan, "dispatch_release")["INTERLOCK_LEASE_SECONDS"] == "1"


def test_the_default_routes_take_everything_to_a_job_that_exists_here() -> None:
    routes = load_routes(str(DEFAULT_ROUTES))
    jobs = jobs_document(PLAN, tuple(route.job for route in routes))
    assert jobs["jobs"] == {"release-agent": jobs["jobs"]["release-agent"]}  # type: ignore[index]
    assert [route.match for route in routes] == [{}]


def test_a_job_of_another_project_is_not_made_here() -> None:
    elsewhere = "projects/prod/locations/europe-west1/jobs/release-agent"
    own = f"{names.PARENT}/jobs/mine"
    assert set(jobs_document(PLAN, (elsewhere, own, own))["jobs"]) == {"mine"}  # type: ignore[call-overload]


def test_ports_follow_each_other_from_the_base() -> None:
    assert list(ports_from(9000).values()) == list(range(9000, 9007))


def test_with_the_official_ledger_everything_points_at_the_emulator() -> None:
    plan = replace(PLAN, ledger="official")
    for environment in (function_environment(plan, "report_status"), shell_environment(plan)):
        assert environment["FIRESTORE_EMULATOR_HOST"] == "127.0.0.1:8706"
        assert environment["INTERLOCK_LEDGER"] == "firestore://interlock-local/(default)"
    assert "firestore" in {service.name for service in services(plan, USER)}


def test_a_plan_is_the_same_in_its_process() -> None:
    plan = replace(PLAN, extra_environment={"A": "ä"}, pubsub="official", reconcile_every=0.5)
    assert decode(encode(plan)) == plan


def test_every_subscription_has_a_long_deadline_and_backs_off() -> None:
    for spec in SUBSCRIPTIONS:
        made = subscription(spec, PLAN)
        assert made.ack_deadline_seconds == 60
        assert (made.retry_policy.minimum_backoff.seconds, made.retry_policy.maximum_backoff.seconds) == (1, 10)


def test_subscriptions_with_a_dead_letter_topic_use_the_dead_letters_and_theirs_have_none() -> None:
    for spec in SUBSCRIPTIONS:
        policy = subscription(spec, PLAN).dead_letter_policy
        expected = (names.DEAD_LETTERS, 10) if spec.name in {"dispatch-release", "report-status"} else ("", 0)
        assert (policy.dead_letter_topic, policy.max_delivery_attempts) == expected
