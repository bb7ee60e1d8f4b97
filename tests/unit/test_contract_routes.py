"""Every example of a routes document gets the verdict that its name promises, and the invalid ones every reason."""

from pathlib import Path

import pytest

from tests.unit.contract_examples import ROUTES, broken_rules, example_files

BROKEN: dict[str, set[str]] = {
    "allowed-sources-a-string.json": {"/routes/0/allowed_sources type"},
    "allowed-sources-dot-segments.json": {"/routes/0/allowed_sources/0 pattern"},
    "allowed-sources-scheme-ftp.json": {"/routes/0/allowed_sources/0 pattern"},
    "allowed-sources-twice.json": {"/routes/0/allowed_sources uniqueItems"},
    "allowed-sources-with-user.json": {"/routes/0/allowed_sources/0 pattern"},
    "defaults-bad-script.json": {"/routes/0/defaults/deployment_script pattern"},
    "defaults-half-a-manifest.json": {"/routes/0/defaults dependentRequired"},
    "defaults-identity.json": {"/routes/0/defaults/release_id additionalProperties"},
    "job-missing.json": {"/routes/0 required"},
    "job-short-name.json": {"/routes/0/job minLength", "/routes/0/job pattern"},
    "lane-empty.json": {"/routes/0/lane minLength"},
    "lane-mode-unknown.json": {"/routes/0/lane_mode enum"},
    "lane-placeholders-without-border.json": {"/routes/0/lane pattern"},
    "lane-unknown-placeholder.json": {"/routes/0/lane pattern"},
    "match-a-number.json": {"/routes/0/match/service type"},
    "match-a-pattern.json": {"/routes/0/match/service pattern"},
    "match-empty-list.json": {"/routes/0/match/service minItems"},
    "match-unknown-key.json": {"/routes/0/match/environment additionalProperties"},
    "max-parallel-missing.json": {"/routes/0 required"},
    "max-parallel-without-lane-mode.json": {"/routes/0/max_parallel not"},
    "max-parallel-without-parallel.json": {"/routes/0/max_parallel not"},
    "max-parallel-zero.json": {"/routes/0/max_parallel minimum"},
    "max-queue-negative.json": {"/routes/0/max_queue minimum"},
    "name-missing.json": {"/routes/0 required"},
    "not-an-object.json": {" not_object"},
    "require-digest-a-string.json": {"/routes/0/require_digest type"},
    "rerun-unknown.json": {"/routes/0/rerun enum"},
    "routes-empty.json": {"/routes minItems"},
    "routes-missing.json": {" required"},
    "timeout-too-long.json": {"/routes/0/timeout_seconds maximum"},
    "unknown-key-near-miss.json": {"/routes/0/lanemode additionalProperties"},
    "unknown-top-key.json": {"/default additionalProperties"},
}
"""Every invalid example with all its violations, each as "pointer rule"."""


@pytest.mark.parametrize("path", example_files("valid", "routes"), ids=lambda path: path.stem)
def test_a_valid_routes_document_breaks_no_rule(path: Path) -> None:
    assert broken_rules(path.read_bytes(), ROUTES) == set()


@pytest.mark.parametrize("path", example_files("invalid", "routes"), ids=lambda path: path.stem)
def test_an_invalid_routes_document_is_told_every_rule_it_breaks(path: Path) -> None:
    assert broken_rules(path.read_bytes(), ROUTES) == BROKEN[path.name]


def test_no_routes_document_example_is_missing() -> None:
    assert {path.name for path in example_files("invalid", "routes")} == set(BROKEN)
    assert len(example_files("valid", "routes")) >= 8
    assert len(BROKEN) >= 25
