"""A violation report helps its reader: complete, sorted, short, with the near-miss named and no secret in it."""

import json

import pytest

from interlock.domain.requests.schema_validation import LISTED
from interlock.domain.requests.violation import Violation
from tests.unit.contract_examples import EXAMPLES, REQUESTS, ROUTES, example_files, violations_in

MINIMAL = {
    "release_version": "1.2.4",
    "target_env": "staging",
    "artifact_path": "gs://my-artifacts/my-app-1.2.4.zip",
    "deployment_script": "deploy_staging.sh",
}


def the_violation(**keys: object) -> Violation:
    (violation,) = REQUESTS.violations({**MINIMAL, **keys})
    return violation


def test_the_message_ci_already_sends_is_valid() -> None:
    assert REQUESTS.violations(MINIMAL) == ()


def test_a_mistyped_key_is_told_what_was_meant_on_both_sides() -> None:
    data = (EXAMPLES / "invalid" / "release-request" / "unknown-key-near-miss.json").read_bytes()
    missing, unknown = violations_in(data, REQUESTS)
    assert (missing.pointer, missing.expected, missing.found) == ("", 'the key "target_env"', "absent")
    assert missing.hint == '"target_enviroment" is no key here'
    assert (unknown.found, unknown.hint) == ('"staging"', 'did you mean "target_env"?')


@pytest.mark.parametrize(
    ("key", "meant"), [("Release-ID", "release_id"), ("SERVICE", "service"), ("serivce", "service")]
)
def test_another_spelling_of_a_key_is_recognised(key: str, meant: str) -> None:
    assert the_violation(**{key: "a"}).hint == f'did you mean "{meant}"?'


def test_a_mistyped_kind_is_recognised() -> None:
    hints = [violation.hint for violation in REQUESTS.violations({"cancell": "a"}) if violation.hint]
    assert hints == ['did you mean "cancel"?']


def test_a_key_like_no_other_gets_no_hint() -> None:
    assert the_violation(colour="blue").hint is None


def test_a_mistyped_key_deep_in_a_document_is_recognised() -> None:
    route = {"name": "a", "job": "projects/my-project/locations/l/jobs/j", "match": {"envtarget": "x"}}
    (violation,) = ROUTES.violations({"routes": [route]})
    assert violation.pointer == "/routes/0/match/envtarget"


def test_a_report_is_sorted_by_place() -> None:
    violations = REQUESTS.violations({"zzz": 1, "service": "", "artifact_path": "x"})
    assert [violation.pointer for violation in violations] == sorted(one.pointer for one in violations)


def test_a_broken_pattern_is_explained_in_words() -> None:
    assert the_violation(artifact_sha256="X" * 64).expected == "a SHA-256 digest: 64 lower-case hexadecimal digits"


def test_a_broken_bound_names_the_bound() -> None:
    assert the_violation(timeout_seconds=0).expected == "a number of at least 1"
    assert the_violation(release_id="a" * 129).expected == "at most 128 characters"
    assert the_violation(rollback="yes").expected == "boolean"


@pytest.mark.parametrize("kind", ["release-request", "routes"])
def test_no_violation_echoes_more_than_120_characters(kind: str) -> None:
    contract = REQUESTS if kind == "release-request" else ROUTES
    for path in example_files("invalid", kind):
        for violation in violations_in(path.read_bytes(), contract):
            assert len(violation.found) <= 120, path.name


def test_a_cut_value_shows_that_it_was_cut() -> None:
    found = the_violation(reason="é" * 501).found
    assert len(found) == 120
    assert found.endswith("é…")


def test_a_long_unknown_key_is_cut() -> None:
    assert len(the_violation(**{"k" * 5000: 1}).pointer) == 121


@pytest.mark.parametrize("key", ["password", "github_token", "client_secret", "Authorization", "api_key"])
def test_the_value_of_a_key_that_names_a_credential_is_not_echoed(key: str) -> None:
    assert the_violation(**{key: "hunter2"}).found == "[redacted]"


@pytest.mark.parametrize(
    "keys",
    [
        {"params": {"DB_PASSWORD": ["hunter2"]}},
        {"params": {"password": "hunter2"}},
        {"script_args": ["--token", "hunter2\0"]},
        {"artifact_path": "https://ci:hunter2@example.com/my-app.zip"},
        {"reason": "Authorization: Bearer hunter2\n"},
        {"colour": {"password": "hunter2"}},
        {"ghp_hunter2hunter2hunter2hunter2hunter2": 1},
    ],
    ids=lambda keys: "-".join(keys)[:20],
)
def test_a_credential_leaks_through_no_part_of_a_report(keys: dict[str, object]) -> None:
    violations = REQUESTS.violations({**MINIMAL, **keys})
    assert violations
    assert "hunter2" not in "".join(map(str, violations))


def test_a_flood_of_violations_is_listed_in_part_and_counted_in_whole() -> None:
    *listed, last = REQUESTS.violations({**MINIMAL, **{f"k{number}": 1 for number in range(LISTED + 23)}})
    assert len(listed) == LISTED
    assert (last.rule, last.found) == ("too_many_violations", "23 more")


def test_a_document_that_is_no_object_is_one_violation() -> None:
    assert [str(one) for one in REQUESTS.violations([])] == [
        "type: expected object, found an array of 0 items @ (root)"
    ]


def test_a_violation_reads_as_one_line_and_as_json() -> None:
    violation = Violation("/target_env", "pattern", "a name", '"a b"', "no spaces")
    assert str(violation) == 'pattern: expected a name, found "a b" (no spaces) @ /target_env'
    assert json.loads(json.dumps(violation.as_dict()))["hint"] == "no spaces"
    assert "hint" not in Violation("", "type", "object", "null").as_dict()
