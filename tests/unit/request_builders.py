"""Builds requests that differ from the smallest one only where a test says so."""

from interlock.domain.requests.request import ReleaseRequest, parse_request

MINIMAL: dict[str, object] = {
    "release_version": "1.2.4",
    "target_env": "staging",
    "artifact_path": "gs://my-artifacts/my-app-1.2.4.zip",
    "deployment_script": "deploy_staging.sh",
}


def a_release(**keys: object) -> ReleaseRequest:
    return _release({**MINIMAL, **keys})


def a_task(task: str = "vacuum", **keys: object) -> ReleaseRequest:
    return _release({"task": task, **keys})


def _release(document: dict[str, object]) -> ReleaseRequest:
    request = parse_request(document)
    assert isinstance(request, ReleaseRequest)
    return request
