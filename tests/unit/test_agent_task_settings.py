"""How the task's settings are read from its environment variables."""

import pytest

from interlock_agent.task_settings import read_task_settings

LEAST = {
    "INTERLOCK_RELEASE_ID": "shop-1",
    "INTERLOCK_ATTEMPT": "2",
    "INTERLOCK_FENCE": "3",
    "INTERLOCK_RESULTS": "file:///srv/results",
    "CLOUD_RUN_EXECUTION": "agent-x",
    "DEPLOYMENT_SCRIPT": "gs://b/deploy.sh",
}


def test_the_least_environment_is_enough() -> None:
    settings = read_task_settings(LEAST)
    assert settings.problems == ()
    assert settings.identity is not None
    assert settings.identity.attempt_prefix == "shop-1/2"
    assert settings.release is not None
    assert settings.release.allowed_sources == ("https://", "gs://")


@pytest.mark.parametrize("name", LEAST)
def test_a_missing_variable_is_named(name: str) -> None:
    settings = read_task_settings({key: value for key, value in LEAST.items() if key != name})
    assert settings.problems == (f"{name} is missing",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("INTERLOCK_RELEASE_ID", ".."),
        ("INTERLOCK_RELEASE_ID", "a\udcffb"),
        ("INTERLOCK_ATTEMPT", "-1"),
        ("INTERLOCK_FENCE", "one"),
        ("INTERLOCK_RESULTS", "gs:///results"),
        ("INTERLOCK_RESULTS", "file://host/results"),
        ("INTERLOCK_RESULTS", "results"),
        ("INTERLOCK_MAX_MEMBERS", "many"),
        ("CLOUD_RUN_TASK_INDEX", "x"),
        ("ARTIFACT_SHA256", "abc"),
        ("SCRIPT_SHA256", "abc"),
        ("SCRIPT_ARGS", '{"a": 1}'),
        ("SCRIPT_ARGS", "[1]"),
        ("SCRIPT_ARGS", '["nul \\u0000"]'),
        ("SCRIPT_ARGS", "[" * 100_000),
        ("DEPLOYMENT_SCRIPT", "deploy.sh"),
        ("MANIFEST_SHA256", "0" * 64),
        ("CLOUD_RUN_TASK_COUNT", "many"),
    ],
)
def test_a_bad_value_is_a_problem_with_its_name(name: str, value: str) -> None:
    problems = read_task_settings({**LEAST, name: value}).problems
    assert any(name in problem for problem in problems)


def test_all_problems_come_at_once() -> None:
    assert len(read_task_settings({}).problems) == len(LEAST)


def test_only_the_releases_own_variables_go_to_the_script() -> None:
    settings = read_task_settings(
        {**LEAST, "RELEASE_PARAM_A": "1", "RELEASE_PARAM_a": "2", "TARGET_ENV": "dev", "LD_PRELOAD": "x"}
    )
    assert settings.release is not None
    assert settings.release.variables == {"RELEASE_PARAM_A": "1", "TARGET_ENV": "dev"}


def test_the_job_may_pass_the_script_variables_of_its_own_but_none_that_change_what_runs() -> None:
    own = {"GOOGLE_CLOUD_PROJECT": "p", "DB_PASSWORD": "x", "HIDDEN": "x"}
    lent = "GOOGLE_CLOUD_PROJECT DB_PASSWORD MISSING LD_PRELOAD BASH_ENV ENV PYTHONPATH INTERLOCK_FENCE"
    bad = {"LD_PRELOAD": "x", "BASH_ENV": "x", "ENV": "x", "PYTHONPATH": "x"}
    settings = read_task_settings({**LEAST, **own, **bad, "INTERLOCK_SCRIPT_VARIABLES": lent})
    assert settings.release is not None
    assert settings.release.variables == {"GOOGLE_CLOUD_PROJECT": "p", "DB_PASSWORD": "x"}


def test_a_maintenance_task_needs_its_name() -> None:
    assert read_task_settings(LEAST, ("RELEASE_TASK",)).problems == ("RELEASE_TASK is missing",)
    assert read_task_settings({**LEAST, "RELEASE_TASK": "vacuum"}, ("RELEASE_TASK",)).problems == ()
