"""The releases that the demo publishes, and how each must end."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEPLOY = """#!/usr/bin/env bash
set -euo pipefail
echo "deploying $RELEASE_VERSION to $TARGET_ENV/$SERVICE"
echo "$RELEASE_ID" >> "$RELEASE_PARAM_RUNS"
sleep "${RELEASE_PARAM_SECONDS:-0.2}"
echo "url=https://$SERVICE.$TARGET_ENV.example" >> "$RELEASE_OUTPUTS"
"""

FAIL = """#!/usr/bin/env bash
echo "$RELEASE_ID" >> "$RELEASE_PARAM_RUNS"
echo "the bucket my-assets does not exist" >&2
exit 3
"""

SCRIPTS = {"deploy_staging.sh": DEPLOY, "deploy_broken.sh": FAIL}

GONE = "decommissioned"
MISSING_JOB = "projects/interlock-local/locations/elsewhere/jobs/deleted-last-year"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoRelease:
    """One release of the demo: what it shows, the bodies that it publishes, and how it must end."""

    release_id: str
    shows: str
    bodies: tuple[bytes, ...]
    ends: str
    reason: str | None = None
    runs: int = 1
    is_alerted: bool = False


def demo_releases(artifact: Path, runs: Path) -> tuple[DemoRelease, ...]:
    """Return the releases; the artifact holds their scripts, and each script writes a line to `runs`."""

    def body(release_id: str, seconds: float = 0.2, **changes: Any) -> bytes:
        document = {
            "release_id": release_id,
            "release_version": "1.2.4",
            "target_env": "staging",
            "artifact_path": artifact.as_uri(),
            "deployment_script": "deploy_staging.sh",
            "params": {"RUNS": str(runs), "SECONDS": seconds},
        }
        return json.dumps({**document, **changes}).encode()

    return (*_runnable(body), *_not_runnable(body))


def _runnable(body: Callable[..., bytes]) -> Iterator[DemoRelease]:
    failing = body("script-fails", service="broken", deployment_script="deploy_broken.sh")
    twice = body("same-twice", service="search")
    yield DemoRelease(release_id="good", shows="a good release", bodies=(body("good"),), ends="succeeded")
    yield DemoRelease(
        release_id="script-fails",
        shows="a script that exits 3",
        bodies=(failing,),
        ends="failed",
        reason="non_zero_exit",
    )
    for racer in ("race-1", "race-2"):
        bodies = (body(racer, 1.5, service="shop"),)
        yield DemoRelease(release_id=racer, shows="two for one lane", bodies=bodies, ends="succeeded")
    yield DemoRelease(release_id="same-twice", shows="one message, twice", bodies=(twice, twice), ends="succeeded")


def _not_runnable(body: Callable[..., bytes]) -> Iterator[DemoRelease]:
    typo = {"release_id": "typo", "release_version": "1.2.4", "target_enviroment": "staging"}
    yield DemoRelease(
        release_id="typo",
        shows="an invalid message",
        bodies=(json.dumps(typo).encode(),),
        ends="rejected",
        reason="schema",
        runs=0,
        is_alerted=True,
    )
    yield DemoRelease(
        release_id="no-such-job",
        shows="one no retry can mend",
        bodies=(body("no-such-job", target_env=GONE),),
        ends="errored",
        reason="job_not_found",
        runs=0,
        is_alerted=True,
    )


def with_missing_job(routes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the routes with one before them whose job does not exist."""
    gone = {
        "name": "gone",
        "match": {"target_env": GONE},
        "job": MISSING_JOB,
        "allowed_sources": ["file://"],
    }
    return {**routes, "routes": [gone, *routes["routes"]]}
