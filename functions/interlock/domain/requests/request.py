"""What a valid message asks for, as types: a release or maintenance task, a cancel, a resume."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

Scalar = str | int | float | bool

DEFAULT_SERVICE = "default"
DEFAULT_DEPLOYMENT_TYPE = "script"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRequest:
    """A release, or a maintenance task that is queued and run like one; None is what nobody gave.

    `document` is the JSON it was read from, with whole numbers as integers.
    """

    kind: Literal["release", "maintenance"]
    document: Mapping[str, object]
    release_id: str | None = None
    target_env: str | None = None
    service: str = DEFAULT_SERVICE
    deployment_type: str | None = None
    task: str | None = None
    release_version: str | None = None
    artifact_path: str | None = None
    artifact_sha256: str | None = None
    deployment_script: str | None = None
    script_sha256: str | None = None
    script_args: tuple[str, ...] = ()
    params: Mapping[str, Scalar]
    manifest_path: str | None = None
    manifest_sha256: str | None = None
    task_count: int | None = None
    timeout_seconds: int | None = None
    not_after: datetime | None = None
    rollback: bool = False
    requested_by: str | None = None
    source_commit: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """Asks that a release, queued or running, ends."""

    release_id: str
    requested_by: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ResumeRequest:
    """Asks that a queued release is looked at again, as its lane may be free; sent by Interlock itself."""

    release_id: str


def parse_request(document: Mapping[str, object]) -> ReleaseRequest | CancelRequest | ResumeRequest:
    """Return the request in a document that the contract found valid; the kind shows in its keys."""
    fields: dict[str, Any] = with_whole_numbers(document)
    if "cancel" in fields:
        return CancelRequest(fields["cancel"], fields.get("requested_by"), fields.get("reason"))
    if "resume" in fields:
        return ResumeRequest(fields["resume"])
    return _release_request(fields)


def with_absent(request: ReleaseRequest, values: Mapping[str, object]) -> ReleaseRequest:
    """Return the request with each of these values that it does not give itself; in its document, too."""
    absent = {key: value for key, value in values.items() if key not in request.document}
    document = {**values, **request.document}
    return replace(request, document=document, **_typed(absent)) if absent else request


def _release_request(document: Mapping[str, Any]) -> ReleaseRequest:
    fields = {"params": {}, **_typed(document)}
    if "task" in document:
        return ReleaseRequest(kind="maintenance", document=document, **fields)
    return ReleaseRequest(kind="release", document=document, **{"deployment_type": DEFAULT_DEPLOYMENT_TYPE, **fields})


def _typed(fields: Mapping[str, Any]) -> dict[str, Any]:
    typed = dict(fields)
    if "script_args" in typed:
        typed["script_args"] = tuple(typed["script_args"])
    if "not_after" in typed:
        typed["not_after"] = datetime.fromisoformat(typed["not_after"])
    return typed


def with_whole_numbers(document: Mapping[str, object]) -> dict[str, Any]:
    """Return the document with 2.0 as 2: JSON has one number type, and writers choose either form freely."""
    return {key: _whole(value) for key, value in document.items()}


def _whole(value: object) -> object:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return with_whole_numbers(value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return value
