"""A manifest shared among tasks, and a bucket for sources and results, from the message to the last event."""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from interlock_agent.exit_codes import ExitCode
from tests.contract.gcs_server import Storage, storage_server
from tests.e2e.stack import Stack
from tests.e2e.story import Story

DEPLOY = """
echo "$RELEASE_ITEM_ID" >> "$RELEASE_PARAM_TALLY"
if [ "$RELEASE_ITEM_ID" = bad ]; then echo "::error::bad will not have it"; exit 5; fi
echo "zone=$RELEASE_ITEM_ZONE" >> "$RELEASE_OUTPUTS"
"""


def manifest(*names: str, **more: str) -> bytes:
    return json.dumps({"items": [{"id": name, "zone": f"zone-{name}"} for name in names], **more}).encode()


def sharded(folder: Path, data: bytes, *, task_count: int) -> dict[str, Any]:
    """Return what a request says of its manifest."""
    path = folder / f"{uuid4().hex}.json"
    path.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    return {"manifest_path": path.as_uri(), "manifest_sha256": digest, "task_count": task_count}


def test_all_items_of_a_manifest_run_once_and_are_told(story: Story, tmp_path: Path) -> None:
    tally = tmp_path / "tally"
    shared = sharded(tmp_path, manifest("a", "b", "c", "d", "e"), task_count=2)
    release_id = story.publish(script=DEPLOY, params={"TALLY": str(tally)}, **shared)
    _, event = story.ends(release_id, "succeeded")
    assert sorted(tally.read_text().split()) == ["a", "b", "c", "d", "e"]
    assert event["items"]["succeeded"] == {"count": 5, "names": ["a", "c", "e", "b", "d"]}
    assert event["outputs"] == {f"{name}.zone": f"zone-{name}" for name in "acebd"}


def test_an_item_that_fails_is_named_with_its_last_words_and_what_it_kept_from_starting(
    story: Story, tmp_path: Path
) -> None:
    shared = sharded(tmp_path, manifest("a", "bad", "c", "never"), task_count=2)
    release_id = story.publish(script=DEPLOY, params={"TALLY": str(tmp_path / "tally")}, **shared)
    _, event = story.ends(release_id, "failed")
    assert (event["exit_code"], event["error_lines"]) == (5, ["bad will not have it"])
    assert {group: one["names"] for group, one in event["items"].items()} == {
        "succeeded": ["a", "c"],
        "failed": ["bad"],
        "not_started": ["never"],
    }


def test_a_manifest_may_go_on_after_an_item_that_failed(story: Story, tmp_path: Path) -> None:
    shared = sharded(tmp_path, manifest("a", "bad", "c", "d", on_failure="continue"), task_count=2)
    release_id = story.publish(script=DEPLOY, params={"TALLY": str(tmp_path / "tally")}, **shared)
    release, event = story.ends(release_id, "failed")
    assert (release.result.reason, event["exit_code"]) == ("non_zero_exit", 5)
    assert event["outputs"] == {f"{name}.zone": f"zone-{name}" for name in "acd"}
    assert event["items"] == {
        "succeeded": {"count": 3, "names": ["a", "c", "d"]},
        "failed": {"count": 1, "names": ["bad"]},
        "not_started": {"count": 0, "names": []},
    }


def test_a_manifest_that_is_not_the_pinned_one_runs_nothing(story: Story, tmp_path: Path) -> None:
    shared = sharded(tmp_path, manifest("a"), task_count=1)
    release_id = story.publish(script=DEPLOY, **{**shared, "manifest_sha256": "0" * 64})
    _, event = story.ends(release_id, "failed")
    assert event["exit_code"] == ExitCode.DIGEST_MISMATCH


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """Return a Cloud Storage that this shell leads to, and so whatever is started from it."""
    with storage_server() as running:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", running.address)
        yield running


def test_sources_results_and_fence_may_all_lie_in_a_bucket(
    storage: Storage, own_stack: Callable[..., Stack], tmp_path: Path
) -> None:
    bucket = {"INTERLOCK_RESULTS": "gs://results/runs"}
    stack = own_stack(extra_environment=bucket, routes=Path(__file__).with_name("routes.json"))
    told_to_agents(stack, bucket)
    tally, data = tmp_path / "tally", manifest("a", "b", "c")
    request = stack.a_request(script=DEPLOY, params={"TALLY": str(tally)}, task_count=2)
    packed = Path(urlsplit(request["artifact_path"]).path).read_bytes()
    storage.put("artifacts", "app.zip", packed)
    storage.put("artifacts", "items.json", data)
    digests = {"artifact_sha256": packed, "manifest_sha256": data}
    request |= {key: hashlib.sha256(content).hexdigest() for key, content in digests.items()}
    stack.publish({**request, "artifact_path": "gs://artifacts/app.zip", "manifest_path": "gs://artifacts/items.json"})

    release = stack.closed(request["release_id"])

    assert release.state == "succeeded", release.result
    assert sorted(tally.read_text().split()) == ["a", "b", "c"]
    assert release.result.items["succeeded"].names == ("a", "c", "b")
    prefix = f"runs/{request['release_id']}/1"
    owner = storage.document("results", f"{prefix}/owner.json")
    assert release.execution
    assert owner["execution"] == release.execution.rpartition("/")[2]
    assert storage.document("results", f"{prefix}/0/results.json")["generations"] == {"artifact": "1", "manifest": "1"}


def told_to_agents(stack: Stack, variables: dict[str, str]) -> None:
    """Give the job these variables as well, as its owner would."""
    document = json.loads(stack.plan.jobs_file.read_text())
    for job in document["jobs"].values():
        job["env"] |= variables
    stack.restart_cloud_run(document)
