"""Every example of a release request gets the verdict that its name promises, and the invalid ones every reason."""

from pathlib import Path

import pytest

from tests.unit.contract_examples import REQUESTS, broken_rules, example_files

BROKEN: dict[str, set[str]] = {
    "artifact-path-file-with-host.json": {"/artifact_path pattern"},
    "artifact-path-missing.json": {" required"},
    "artifact-path-relative.json": {"/artifact_path pattern"},
    "artifact-path-scheme-ftp.json": {"/artifact_path pattern"},
    "artifact-path-too-long.json": {"/artifact_path maxLength"},
    "artifact-path-with-control-character.json": {"/artifact_path pattern"},
    "artifact-path-with-dot-segments.json": {"/artifact_path pattern"},
    "artifact-path-with-encoded-dot-segments.json": {"/artifact_path pattern"},
    "artifact-path-with-encoded-newline.json": {"/artifact_path pattern"},
    "artifact-path-with-encoded-slash-dots.json": {"/artifact_path pattern"},
    "artifact-path-with-space.json": {"/artifact_path pattern"},
    "artifact-path-with-user.json": {"/artifact_path pattern"},
    "artifact-path-without-object.json": {"/artifact_path pattern"},
    "artifact-sha256-too-short.json": {"/artifact_sha256 minLength", "/artifact_sha256 pattern"},
    "artifact-sha256-upper-case.json": {"/artifact_sha256 pattern"},
    "body-a-string.json": {" not_object"},
    "body-an-array.json": {" not_object"},
    "body-cut-off.txt": {" not_json"},
    "body-duplicate-key-inside.json": {"/params/A duplicate_key"},
    "body-duplicate-key.json": {"/target_env duplicate_key"},
    "body-empty.txt": {" empty"},
    "body-infinite.txt": {" not_finite"},
    "body-lone-surrogate.json": {" not_utf8"},
    "body-nan.txt": {" not_finite"},
    "body-not-json.txt": {" not_json"},
    "body-not-utf8.txt": {" not_utf8"},
    "body-null.json": {" not_object"},
    "body-number-too-large-for-a-float.json": {" not_finite"},
    "body-single-quotes.txt": {" not_json"},
    "body-too-deep.json": {" too_deep"},
    "body-two-documents.txt": {" not_json"},
    "body-utf16.txt": {" not_utf8"},
    "body-white-space.txt": {" empty"},
    "cancel-a-boolean.json": {"/cancel type"},
    "cancel-not-an-id.json": {"/cancel pattern"},
    "cancel-with-release-keys.json": {"/target_env additionalProperties"},
    "deployment-script-absolute.json": {"/deployment_script pattern"},
    "deployment-script-climbs-inside.json": {"/deployment_script pattern"},
    "deployment-script-climbs-out.json": {"/deployment_script pattern"},
    "deployment-script-empty.json": {"/deployment_script minLength", "/deployment_script pattern"},
    "deployment-script-missing.json": {" required"},
    "deployment-script-with-backslash.json": {"/deployment_script pattern"},
    "deployment-script-with-shell.json": {"/deployment_script pattern"},
    "deployment-script-with-user.json": {"/deployment_script pattern"},
    "deployment-type-empty.json": {"/deployment_type minLength", "/deployment_type pattern"},
    "empty-object.json": {" required"},
    "maintenance-task-empty.json": {"/task minLength", "/task pattern"},
    "maintenance-with-script.json": {"/deployment_script additionalProperties"},
    "manifest-path-without-task-count.json": {" dependentRequired"},
    "manifest-sha256-in-upper-case.json": {"/manifest_sha256 pattern"},
    "manifest-sha256-without-manifest-path.json": {" dependentRequired"},
    "many-violations-at-once.json": {
        " required",
        "/artifact_path minLength",
        "/artifact_path pattern",
        "/colour additionalProperties",
        "/deployment_script pattern",
        "/release_version minLength",
        "/release_version pattern",
        "/service pattern",
    },
    "not-after-a-date.json": {"/not_after minLength", "/not_after pattern"},
    "not-after-hour-24.json": {"/not_after pattern"},
    "not-after-no-such-day.json": {"/not_after pattern"},
    "not-after-without-zone.json": {"/not_after minLength", "/not_after pattern"},
    "params-a-list.json": {"/params type"},
    "params-key-too-long.json": {"/params/" + "A" * 65 + " additionalProperties"},
    "params-lower-case-key.json": {"/params/replicas additionalProperties"},
    "params-nested.json": {"/params/A type"},
    "params-null.json": {"/params/A type"},
    "params-number-too-large.json": {"/params/A maximum"},
    "params-secret-is-not-echoed.json": {"/params/DB_PASSWORD type"},
    "params-too-many.json": {"/params maxProperties"},
    "params-value-too-long.json": {"/params/A maxLength"},
    "reason-too-long.json": {"/reason maxLength"},
    "reason-with-direction-override.json": {"/reason pattern"},
    "release-id-null.json": {"/release_id type"},
    "release-id-starts-with-dash.json": {"/release_id pattern"},
    "release-id-too-long.json": {"/release_id maxLength"},
    "release-id-with-newline-at-end.json": {"/release_id pattern"},
    "release-version-a-number.json": {"/release_version type"},
    "release-version-empty.json": {"/release_version minLength", "/release_version pattern"},
    "release-version-missing.json": {" required"},
    "release-version-too-long.json": {"/release_version maxLength"},
    "release-version-with-slash.json": {"/release_version pattern"},
    "requested-by-with-newline.json": {"/requested_by pattern"},
    "resume-with-reason.json": {"/reason additionalProperties"},
    "rollback-a-string.json": {"/rollback type"},
    "script-args-a-string.json": {"/script_args type"},
    "script-args-too-long.json": {"/script_args/0 maxLength"},
    "script-args-too-many.json": {"/script_args maxItems"},
    "script-args-with-nul.json": {"/script_args/0 pattern"},
    "script-args-with-number.json": {"/script_args/1 type"},
    "script-sha256-with-prefix.json": {"/script_sha256 maxLength", "/script_sha256 pattern"},
    "service-with-slash.json": {"/service pattern"},
    "source-commit-a-branch.json": {"/source_commit minLength", "/source_commit pattern"},
    "target-env-missing.json": {" required"},
    "target-env-too-long.json": {"/target_env maxLength"},
    "target-env-with-shell.json": {"/target_env pattern"},
    "target-env-with-space.json": {"/target_env pattern"},
    "task-count-too-large.json": {"/task_count maximum"},
    "task-count-without-manifest-path.json": {" dependentRequired"},
    "task-count-zero.json": {"/task_count minimum"},
    "timeout-seconds-a-fraction.json": {"/timeout_seconds type"},
    "timeout-seconds-a-string.json": {"/timeout_seconds type"},
    "timeout-seconds-over-a-week.json": {"/timeout_seconds maximum"},
    "timeout-seconds-zero.json": {"/timeout_seconds minimum"},
    "unknown-key-near-miss.json": {" required", "/target_enviroment additionalProperties"},
    "unknown-key-of-another-spelling.json": {"/Release-ID additionalProperties"},
    "unknown-key-with-slash.json": {"/a~1b~0c additionalProperties"},
    "unknown-key.json": {"/colour additionalProperties"},
}
"""Every invalid example with all its violations, each as "pointer rule"."""


@pytest.mark.parametrize("path", example_files("valid", "release-request"), ids=lambda path: path.stem)
def test_a_valid_request_breaks_no_rule(path: Path) -> None:
    assert broken_rules(path.read_bytes(), REQUESTS) == set()


@pytest.mark.parametrize("path", example_files("invalid", "release-request"), ids=lambda path: path.stem)
def test_an_invalid_request_is_told_every_rule_it_breaks(path: Path) -> None:
    assert broken_rules(path.read_bytes(), REQUESTS) == BROKEN[path.name]


def test_no_request_example_is_missing() -> None:
    assert {path.name for path in example_files("invalid", "release-request")} == set(BROKEN)
    assert len(example_files("valid", "release-request")) >= 14
    assert len(BROKEN) >= 45
