"""A release starts once however it arrives, and its agent runs only what the request vouches for."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from interlock_agent.exit_codes import ExitCode
from tests.e2e.stack import Stack, wait_until
from tests.e2e.story import Story

COUNT = 'echo "$RELEASE_ID" >> "$RELEASE_PARAM_TALLY"'


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """Serve a folder over HTTP; return the folder and its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=tmp_path))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield tmp_path, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_one_message_published_five_times_at_once_runs_once(story: Story, tmp_path: Path) -> None:
    tally = tmp_path / "tally"
    request = story.stack.a_request(script=COUNT, params={"TALLY": str(tally)})
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(story.stack.publish, [request] * 5))
    story.ends(request["release_id"], "succeeded")
    wait_until(lambda: story.messages_of(request["release_id"]) == 5)
    assert tally.read_text().splitlines() == [request["release_id"]]
    assert story.states(request["release_id"]).count("succeeded") == 1


def test_a_cloud_event_has_one_identity_in_both_modes(story: Story, tmp_path: Path) -> None:
    tally = tmp_path / "tally"
    request = story.stack.a_request(script=COUNT, params={"TALLY": str(tally)})
    del request["release_id"]
    event = {"specversion": "1.0", "type": "com.example.built", "source": "//builds.example", "id": uuid4().hex}
    binary = {**{f"ce-{key}": value for key, value in event.items()}, "content-type": "application/json"}
    structured = {**event, "datacontenttype": "application/json", "data": request}

    story.stack.publish(json.dumps(request).encode(), **binary)
    started = story.find(lambda told: told["target_env"] == request["target_env"] and told["state"] == "started")
    story.ends(started["release_id"], "succeeded")
    story.stack.publish(structured, **{"content-type": "application/cloudevents+json"})

    wait_until(lambda: story.messages_of(started["release_id"]) == 2)
    assert tally.read_text().splitlines() == [started["release_id"]]


def test_a_cloud_event_in_structured_mode_starts_a_release(story: Story) -> None:
    request = story.stack.a_request()
    event = {"specversion": "1.0", "type": "com.example.built", "source": "//builds.example", "id": "1"}
    content = {"content-type": "application/cloudevents+json; charset=utf-8"}
    story.stack.publish({**event, "data": request}, **content)
    story.ends(request["release_id"], "succeeded")


def test_a_maintenance_task_runs_the_script_of_its_route(story: Story) -> None:
    release_id = f"tidy-{uuid4().hex}"
    story.stack.publish({"release_id": release_id, "task": "tidy", "target_env": "attic"})
    release, event = story.ends(release_id, "succeeded")
    assert event["outputs"] == {"swept": "attic"}
    assert release.plan
    assert release.plan.lane == "maintenance/tidy/attic"


def test_a_request_runs_as_ci_sends_it_today(story: Story) -> None:
    request = story.stack.a_request()
    del request["release_id"]
    assert set(request) == {"release_version", "target_env", "artifact_path", "deployment_script"}
    message_id = story.stack.publish(request)
    story.ends(f"msg-{message_id}", "succeeded")


def test_an_artifact_over_http_is_held_to_its_digest(story: Story, site: tuple[Path, str]) -> None:
    folder, address = site
    packed = Path(urlsplit(story.stack.artifact(deploy='test "$1" = "one word"')).path).read_bytes()
    (folder / "app.zip").write_bytes(packed)
    good = {"artifact_path": f"{address}/app.zip", "artifact_sha256": hashlib.sha256(packed).hexdigest()}

    story.ends(story.publish(**good, script_args=["one word"]), "succeeded")
    _, event = story.ends(story.publish(**{**good, "artifact_sha256": "0" * 64}), "failed")

    assert event["exit_code"] == ExitCode.DIGEST_MISMATCH


def test_an_archive_that_climbs_out_runs_nothing(story: Story) -> None:
    artifact = story.stack.artifact(deploy="true", **{"../climber": "true"})
    _, event = story.ends(story.publish(artifact_path=artifact), "failed")
    assert event["exit_code"] == ExitCode.UNSAFE_ARCHIVE


def test_a_script_that_the_artifact_lacks_is_told(story: Story) -> None:
    _, event = story.ends(story.publish(deployment_script="no-such.sh"), "failed")
    assert event["exit_code"] == ExitCode.NO_SCRIPT


def test_a_completion_that_comes_by_one_route_only_is_enough(own_stack: Callable[..., Stack]) -> None:
    stack = own_stack(reconcile_every=600.0)  # so that nothing else closes a release
    both = json.loads(stack.plan.jobs_file.read_text())
    for silent in ("eventarc_url", "sink_topic"):
        stack.restart_cloud_run({**both, "deliver": {**both["deliver"], silent: None}})
        request = stack.a_request()
        stack.publish(request)
        assert stack.closed(request["release_id"]).state == "succeeded", silent
