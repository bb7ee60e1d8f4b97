"""What a release adds to its job's environment: the agent's side of the contract (design 2.2, 6)."""

import json
from collections.abc import Mapping

from interlock.domain.releases.model import Release

_PLAIN = {
    "release_version": "RELEASE_VERSION",
    "target_env": "TARGET_ENV",
    "service": "SERVICE",
    "task": "RELEASE_TASK",
    "artifact_path": "ARTIFACT_PATH",
    "artifact_sha256": "ARTIFACT_SHA256",
    "deployment_script": "DEPLOYMENT_SCRIPT",
    "script_sha256": "SCRIPT_SHA256",
    "manifest_path": "MANIFEST_PATH",
    "manifest_sha256": "MANIFEST_SHA256",
}


def identity_environment(release: Release) -> dict[str, str]:
    """Return the variables that distinguish this attempt's executions from all others."""
    return {"INTERLOCK_RELEASE_ID": release.release_id, "INTERLOCK_ATTEMPT": str(release.attempt)}


def execution_environment(release: Release) -> dict[str, str]:
    """Return the overrides of one start; clear text in Cloud Run's records, so never a secret."""
    request = release.request
    plain = {name: str(request[key]) for key, name in _PLAIN.items() if request.get(key) is not None}
    args = {"SCRIPT_ARGS": json.dumps(request["script_args"])} if request.get("script_args") else {}
    sources = release.plan.allowed_sources if release.plan else ()
    return {
        **identity_environment(release),
        "INTERLOCK_FENCE": str(release.fencing_token),
        **({"INTERLOCK_ALLOWED_SOURCES": " ".join(sources)} if sources else {}),
        **plain,
        **args,
        **_params(request.get("params") or {}),
    }


def _params(params: Mapping[str, object]) -> dict[str, str]:
    return {f"RELEASE_PARAM_{name}": _as_text(value) for name, value in params.items()}


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
