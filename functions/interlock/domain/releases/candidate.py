"""Turns a parsed request into the record that a release begins with: queued where accepted, closed where rejected."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from interlock.domain.json_access import json_size
from interlock.domain.releases.model import Release, ReleasePlan, Result, Source, State
from interlock.domain.requests.json_body import MAX_BYTES
from interlock.domain.requests.message import Message
from interlock.domain.requests.parser import AcceptedRequest, RejectedRequest
from interlock.domain.requests.payload import derived_release_id
from interlock.domain.requests.request import ReleaseRequest
from interlock.domain.requests.routes import Route, capacity, lane_key, matched_keys
from interlock.domain.requests.violation import Violation

MAX_ATTRIBUTE_BYTES = 128 * 1024
"""As much as Pub/Sub takes: 100 attributes of 256 and 1,024 bytes; with escapes they can be more."""


def candidate(parsed: AcceptedRequest | RejectedRequest, *, now: datetime) -> Release:
    """Return the release that the request asks for; the ledger's record decides whether it becomes one."""
    return _accepted(parsed, now) if isinstance(parsed, AcceptedRequest) else _rejected(parsed, now)


def conflicting(release: Release) -> Release:
    """Return the candidate as rejected under its message's own id, since another request has the id it names."""
    found = release.result.violations or (
        Violation("/release_id", "id_conflict", "an id that no other request has used", release.release_id),
    )
    return replace(
        release,
        release_id=derived_release_id(release.source.message_id),
        state=State.REJECTED,
        plan=None,
        result=_refusal(release.result.reason or "id_conflict", found),
    )


def _accepted(parsed: AcceptedRequest, now: datetime) -> Release:
    request = parsed.request
    return Release(
        release_id=parsed.release_id,
        state=State.QUEUED,
        request={**request.document, "service": request.service},
        payload_hash=parsed.payload_hash,
        source=_source(parsed.message),
        accepted_at=now,
        updated_at=now,
        plan=_plan(parsed.route, request),
        not_after=request.not_after,
        message_ids=(parsed.message.message_id,),
    )


def _rejected(parsed: RejectedRequest, now: datetime) -> Release:
    return Release(
        release_id=parsed.release_id,
        state=State.REJECTED,
        request=dict(parsed.legible),
        payload_hash=hashlib.sha256(parsed.message.data).hexdigest(),
        source=_source(parsed.message),
        accepted_at=now,
        updated_at=now,
        result=_refusal(parsed.reason, parsed.violations),
        message_ids=(parsed.message.message_id,),
    )


def _refusal(reason: str, violations: Sequence[Violation]) -> Result:
    in_short = "; ".join(str(violation) for violation in violations)[:500]
    return Result(reason=reason, detail=in_short, violations=tuple(violations))


def _source(message: Message) -> Source:
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
        matched=matched_keys(route, request),
        replaceable=request.kind == "release" and not request.rollback and request.task_count is None,
    )
