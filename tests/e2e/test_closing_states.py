"""Every closing state is reached by a real message over real Pub/Sub, HTTP and gRPC, and told to the world."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from interlock.domain.releases.model import OUTCOMES
from tests.e2e.story import Story


def test_succeeded(story: Story) -> None:
    release_id = story.publish(script='echo "url=https://shop.example" >> "$RELEASE_OUTPUTS"')
    _, event = story.ends(release_id, "succeeded")
    assert event["outputs"] == {"url": "https://shop.example"}
    assert story.states(release_id) == ["started", "succeeded"]


def test_failed_by_its_script(story: Story) -> None:
    release_id = story.publish(script='echo "the bucket is gone" >&2; exit 7')
    _, event = story.ends(release_id, "failed")
    assert (event["reason"], event["exit_code"]) == ("non_zero_exit", 7)
    assert "the bucket is gone" in event["error_lines"]


def test_failed_by_timeout(story: Story) -> None:
    release_id = story.publish(script="sleep 60", timeout_seconds=1)
    _, event = story.ends(release_id, "failed")
    assert event["reason"] == "timeout"


def test_cancelled_while_queued(story: Story) -> None:
    with story.holder(target_env="cancel-queued"):
        waiting = story.publish(target_env="cancel-queued")
        assert story.told(waiting, "queued")["position"] == 1
        story.stack.publish({"cancel": waiting, "reason": "not today"})
        _, event = story.ends(waiting, "cancelled")
    assert event["reason"] == "by_request"
    assert story.states(waiting) == ["queued", "cancelled"]


def test_cancelled_while_running(story: Story) -> None:
    with story.holder() as running:
        story.stack.publish({"cancel": running})
        release, _ = story.ends(running, "cancelled")
    assert release.execution is not None


def test_superseded_by_a_newer_one(story: Story) -> None:
    with story.holder(target_env="newest") as running:
        older = story.publish(target_env="newest")
        story.told(older, "queued")
        newer = story.publish(target_env="newest")
        _, event = story.ends(older, "superseded")
        assert event["superseded_by"] == newer
    story.ends(running, "succeeded")
    story.ends(newer, "succeeded")


@pytest.mark.parametrize(
    ("changes", "reason", "pointer"),
    [
        ({"target_enviroment": "x"}, "schema", "/target_enviroment"),
        ({"deployment_type": "by-hand"}, "no_route", ""),
        ({"artifact_path": "https://elsewhere.example/a.zip"}, "policy", "/artifact_path"),
        ({"target_env": "pinned"}, "policy", "/artifact_sha256"),
    ],
    ids=["schema", "no_route", "allowed_sources", "digest"],
)
def test_rejected_by_what_it_says(story: Story, changes: dict[str, Any], reason: str, pointer: str) -> None:
    release_id = story.publish(**changes)
    _, event = story.ends(release_id, "rejected")
    assert event["reason"] == reason
    assert pointer in [violation["pointer"] for violation in event["violations"]]
    assert story.alert(lambda alert: alert.get("release_id") == release_id)["reason"] == reason


def test_rejected_for_an_id_that_another_request_has(story: Story) -> None:
    first = story.publish()
    story.ends(first, "succeeded")
    story.publish(first, release_version="9.9.9")
    event = story.find(lambda told: told.get("reason") == "id_conflict")
    assert event["release_id"] != first
    story.ends(event["release_id"], "rejected")
    untouched = story.stack.release(first)
    assert untouched
    assert untouched.state == "succeeded"


def test_rejected_by_a_busy_lane(story: Story) -> None:
    with story.holder(target_env="reject"):
        _, event = story.ends(story.publish(target_env="reject"), "rejected")
    assert event["reason"] == "lane_busy"


def test_rejected_by_a_full_queue(story: Story) -> None:
    with story.holder(target_env="short-queue"):
        waiting = story.publish(target_env="short-queue")
        story.told(waiting, "queued")
        _, event = story.ends(story.publish(target_env="short-queue"), "rejected")
    assert event["reason"] == "queue_full"
    story.ends(waiting, "succeeded")


def test_expired_in_the_queue(story: Story) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=3)).isoformat(timespec="seconds")
    with story.holder(target_env="expiry"):
        waiting = story.publish(target_env="expiry", not_after=soon)
        story.ends(waiting, "expired")
    assert "started" not in story.states(waiting)


@pytest.mark.parametrize(("target_env", "reason"), [("gone", "job_not_found"), ("forbidden", "permission")])
def test_errored(story: Story, target_env: str, reason: str) -> None:
    release_id = story.publish(target_env=target_env)
    _, event = story.ends(release_id, "errored")
    assert event["reason"] == reason
    assert story.alert(lambda alert: alert.get("release_id") == release_id)["reason"] == reason


def test_a_release_that_runs_holds_back_the_next_in_its_lane(story: Story) -> None:
    with story.holder(target_env="lane") as first:
        second = story.publish(target_env="lane")
        story.told(second, "queued")
    story.ends(second, "succeeded")
    order = [(event["release_id"], event["state"]) for event in story.events]
    assert order.index((first, "succeeded")) < order.index((second, "started"))


def test_the_tests_here_name_every_closing_state() -> None:
    tested = {name.removeprefix("test_") for name in globals()}
    elsewhere = {"dead_lettered"}  # test_dead_letters.py
    assert {state for state in OUTCOMES if not any(name.startswith(state) for name in tested)} == elsewhere
