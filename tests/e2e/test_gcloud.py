"""Google's own command line talks to the local stack after eval "$(interlock local env)", as the README says."""

import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.stack import COMMAND, Stack
from tests.e2e.story import Story

pytestmark = pytest.mark.skipif(not shutil.which("gcloud"), reason="gcloud is missing: install the Google Cloud CLI")

PUBLISH = """
set -euo pipefail
eval "$({command} local env --state {state})"
gcloud pubsub topics publish "$INTERLOCK_REQUESTS_TOPIC" --message="$(cat {request})" --format="value(messageIds[0])"
"""


def gcloud(stack: Stack, request: Path, home: Path) -> str:
    """Publish the file's text from a bash of its own; return the message id."""
    words = {"command": shlex.join(COMMAND), "state": shlex.quote(str(stack.plan.state)), "request": request}
    environment = {**os.environ, "CLOUDSDK_CONFIG": str(home), "CLOUDSDK_CORE_DISABLE_PROMPTS": "1"}
    script = PUBLISH.format(**words)
    shell = ["bash", "-c", script]
    done = subprocess.run(shell, check=False, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().strip("[]'")


def test_gcloud_starts_a_release(story: Story, tmp_path: Path) -> None:
    file = tmp_path / "release.json"
    request = story.stack.a_request()
    file.write_text(json.dumps(request))
    message_id = gcloud(story.stack, file, tmp_path / "config")
    release, _ = story.ends(request["release_id"], "succeeded")
    assert release.source.message_id == message_id


def test_quotes_that_a_shell_took_away_are_told_as_what_they_are(story: Story, tmp_path: Path) -> None:
    file = tmp_path / "release.json"
    file.write_text("{release_version: 1.2.4, target_env: staging}")
    message_id = gcloud(story.stack, file, tmp_path / "config")
    _, event = story.ends(f"msg-{message_id}", "rejected")
    assert event["violations"][0]["rule"] == "not_json"
