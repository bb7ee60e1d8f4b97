"""From a message to what it asks for: a candidate release, a cancel, a resume; a bad one is a rejected candidate."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from interlock.domain.json_access import json_size
from interlock.domain.releases.model import Release, ReleasePlan, Result, Source, State
from interlock.domain.requests.cloud_event import (
    RELEASE_ID_PATTERN,
    MalformedEvent,
    Payload,
    message_release_id,
    open_message,
)
from interlock.domain.requests.json_body import MAX_BYTES, BodyError, parse_body
from interlock.domain.requests.message import Message
from interlock.domain.requests.request import CancelRequest, ReleaseRequest, ResumeRequest, parse_request
from interlock.domain.requests.request_hash import payload_hash
from interlock.domain.requests.routes import ANYTHING, Route, capacity, lane_key, match_route, with_defaults
from interlock.domain.requests.schema_validation import SchemaValidator
from interlock.domain.requests.source_policy import policy_violations
from interlock.domain.requests.violation import Violation

Command = Release | CancelRequest | ResumeRequest

MAX_ATTRIBUTE_BYTES = 128 * 1024
"""As much as Pub/Sub takes: 100 attributes of 256 and 1,024 bytes; with escapes they can be more."""


@dataclass(frozen=True, slots=True)
class RequestParser:
    """Reads messages by one contract and one list of routes."""

    contract: SchemaValidator
    routes: tuple[Route, ...]

    def read(self, message: Message, *, now: datetime) -> Command:
        """Return what the message asks for; never raises, whatever the message holds."""
        payload = open_message(message)
        if isinstance(payload, MalformedEvent):
            violation = Violation("", "cloud_event", "a CloudEvent in structured mode", payload.reason)
            return rejected(message, "cloud_event", (violation,), now=now)
        body = parse_body(payload.data)
        if isinstance(body, BodyError):
            return rejected(message, body.reason, (body.violation,), now=now, payload=payload)
        if not self.contract.is_valid(body):
            violations = self.contract.violations(body)
            return rejected(message, "schema", violations, now=now, payload=payload, body=body)
        request = parse_request(body)
        return self._candidate(message, payload, request, now) if isinstance(request, ReleaseRequest) else request

    def _candidate(self, message: Message, payload: Payload, request: ReleaseRequest, now: datetime) -> Release:
        route = match_route(self.routes, request)
        if route is None:
            violation = Violation("", "no_route", "a target that one of the routes matches", _target(request))
            return rejected(message, "no_route", (violation,), now=now, payload=payload, body=request.document)
        full = with_defaults(route, request)
        if violations := policy_violations(route, full):
            return rejected(message, "policy", violations, now=now, payload=payload, body=full.document)
        return Release(
            release_id=message_release_id(message, payload, release_id=request.release_id),
            state=State.QUEUED,
            request=_told(full),
            payload_hash=payload_hash(request),  # before the defaults: a changed route makes no conflict
            source=source_of(message),
            accepted_at=now,
            updated_at=now,
            plan=_plan(route, full),
            not_after=full.not_after,
            message_ids=(message.message_id,),
        )


def rejected(
    message: Message,
    reason: str,
    violations: Sequence[Violation],
    *,
    now: datetime,
    payload: Payload | None = None,
    body: Mapping[str, object] | None = None,
) -> Release:
    """Return the candidate that says why the message was rejected, under the id it names or else its own."""
    named = (body or {}).get("release_id")
    release_id = named if isinstance(named, str) and RELEASE_ID_PATTERN.match(named) else None
    return Release(
        release_id=message_release_id(message, payload, release_id=release_id),
        state=State.REJECTED,
        request=_legible(body or {}),
        payload_hash=hashlib.sha256(message.data).hexdigest(),
        source=source_of(message),
        accepted_at=now,
        updated_at=now,
        result=Result(reason=reason, detail=_in_short(violations), violations=tuple(violations)),
        message_ids=(message.message_id,),
    )


def conflicting(candidate: Release) -> Release:
    """Return the candidate as rejected under its message's own id, since another request has the id it names."""
    found = candidate.result.violations or (
        Violation("/release_id", "id_conflict", "an id that no other request has used", candidate.release_id),
    )
    reason = candidate.result.reason or "id_conflict"
    message_id = candidate.source.message_id
    message = Message(message_id, candidate.source.publish_time, b"", {})
    return replace(
        candidate,
        release_id=message_release_id(message, None, release_id=None),
        state=State.REJECTED,
        plan=None,
        result=Result(reason=reason, detail=_in_short(found), violations=found),
    )


def source_of(message: Message) -> Source:
    """Return the message as the ledger keeps it; what is too large for a record stays in Pub/Sub only."""
    is_kept = len(message.data) <= MAX_BYTES and json_size(dict(message.attributes)) <= MAX_ATTRIBUTE_BYTES
    return Source(
        message_id=message.message_id,
        publish_time=message.publish_time,
        data=message.data if is_kept else None,
        attributes=dict(message.attributes) if is_kept else {},
    )


def _plan(route: Route, request: ReleaseRequest) -> ReleasePlan:
    return ReleasePlan(
        route=route.name,
        job=route.job,
        lane=lane_key(route, request),
        lane_mode=route.lane_mode,
        capacity=capacity(route),
        max_queue=route.max_queue,
        rerun=route.rerun,
        timeout_seconds=request.timeout_seconds or route.timeout_seconds,
        allowed_sources=route.allowed_sources,
        matched=_matched(route, request),
        replaceable=request.kind == "release" and not request.rollback and request.task_count is None,
    )


def _matched(route: Route, request: ReleaseRequest) -> tuple[str, ...]:
    named = (key for key, wanted in route.match.items() if ANYTHING not in wanted)
    return tuple(f"{key}={getattr(request, key)}" for key in named)


def _told(request: ReleaseRequest) -> dict[str, object]:
    return {**request.document, "service": request.service}


def _target(request: ReleaseRequest) -> str:
    parts = {"target_env": request.target_env, "service": request.service, "task": request.task}
    return ", ".join(f"{key} {value!r}" for key, value in parts.items() if value is not None)[:120]


def _legible(body: Mapping[str, object]) -> dict[str, object]:
    """Return the short texts of a rejected body, so that its event can still be filtered by target."""
    return {key: value for key, value in body.items() if isinstance(value, str) and len(value) <= 200}


def _in_short(violations: Sequence[Violation]) -> str:
    return "; ".join(str(violation) for violation in violations)[:500]
