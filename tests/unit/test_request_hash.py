"""Two requests hash alike exactly when they would do the same."""

import pytest

from interlock.domain.requests.request_hash import payload_hash
from tests.unit.request_builders import a_release, a_task

SHA = "ab" * 32


def test_a_hash_is_the_same_tomorrow() -> None:
    """Stored hashes are compared with those of later versions; a new value here breaks every open release."""
    assert payload_hash(a_release()) == "8c9b9bec874f69bf4f43c4032c14bfd6bd2c14c43ec9b08eb2cdc78047f04a51"


@pytest.mark.parametrize(
    "default",
    [{"service": "default"}, {"deployment_type": "script"}, {"script_args": []}, {"params": {}}, {"rollback": False}],
)
def test_a_default_written_out_changes_nothing(default: dict[str, object]) -> None:
    assert payload_hash(a_release(**default)) == payload_hash(a_release())


@pytest.mark.parametrize(
    "commentary",
    [
        {"release_id": "a-1"},
        {"requested_by": "ci"},
        {"reason": "why not"},
        {"source_commit": "abcdef0"},
        {"not_after": "2030-01-31T12:00:00Z"},
    ],
)
def test_who_and_why_and_until_when_change_nothing(commentary: dict[str, object]) -> None:
    assert payload_hash(a_release(**commentary)) == payload_hash(a_release())


@pytest.mark.parametrize(
    "change",
    [
        {"release_version": "1.2.5"},
        {"target_env": "prod"},
        {"service": "my-app"},
        {"deployment_type": "helm"},
        {"artifact_path": "gs://my-artifacts/other.zip"},
        {"artifact_sha256": SHA},
        {"deployment_script": "other.sh"},
        {"script_sha256": SHA},
        {"script_args": ["a"]},
        {"params": {"A": 1}},
        {"manifest_path": "gs://my-artifacts/m.json", "task_count": 2},
        {"manifest_sha256": SHA},
        {"timeout_seconds": 5},
        {"rollback": True},
    ],
)
def test_whatever_changes_the_outcome_changes_the_hash(change: dict[str, object]) -> None:
    assert payload_hash(a_release(**change)) != payload_hash(a_release())


def test_the_order_of_keys_changes_nothing_and_the_order_of_arguments_does() -> None:
    assert payload_hash(a_release(params={"A": 1, "B": 2})) == payload_hash(a_release(params={"B": 2, "A": 1}))
    assert payload_hash(a_release(script_args=["a", "b"])) != payload_hash(a_release(script_args=["b", "a"]))


def test_a_number_hashes_alike_however_it_was_written() -> None:
    assert payload_hash(a_release(params={"A": 1.0})) == payload_hash(a_release(params={"A": 1}))
    assert payload_hash(a_release(timeout_seconds=6e2)) == payload_hash(a_release(timeout_seconds=600))


def test_a_number_a_text_and_a_boolean_hash_differently() -> None:
    values: list[object] = [1, "1", True, "true", 1.5]
    assert len({payload_hash(a_release(params={"A": value})) for value in values}) == len(values)


def test_a_task_hashes_differently_from_another() -> None:
    assert payload_hash(a_task("vacuum")) != payload_hash(a_task("reindex"))
