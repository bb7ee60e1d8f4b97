"""From a message to what it asks for: open → validate → parse → route → check, from top to bottom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from interlock.domain.requests.json_body import BodyError, parse_body
from interlock.domain.requests.message import Message
from interlock.domain.requests.payload import RELEASE_ID_PATTERN, MalformedEvent, Payload, derived_release_id
from interlock.domain.requests.request import CancelRequest, ReleaseRequest, ResumeRequest, parse_request
from interlock.domain.requests.request_hash import payload_hash
from interlock.domain.requests.routes import Route, match_route, with_defaults
from interlock.domain.requests.schema_validation import SchemaValidator
from interlock.domain.requests.source_policy import policy_violations
from interlock.domain.requests.violation import Violation


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedRequest:
    """A valid request and the route that takes it; the route's defaults are filled in.

    `payload_hash` is that of the request before the defaults, so that a changed route makes no conflict.
    """

    release_id: str
    message: Message
    request: ReleaseRequest
    route: Route
    payload_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedRequest:
    """A message that nothing will be done for, and every reason why.

    `legible` has the short texts of its body, so that its status event can still be filtered by target.
    """

    release_id: str
    message: Message
    reason: str
    violations: tuple[Violation, ...]
    legible: Mapping[str, str] = field(default_factory=dict)


_LEGIBLE = 200

ParsedRequest = AcceptedRequest | RejectedRequest | CancelRequest | ResumeRequest


@dataclass(frozen=True, slots=True)
class RequestParser:
    """Reads messages by one contract and one list of routes."""

    validator: SchemaValidator
    routes: tuple[Route, ...]

    def parse(self, message: Message, payload: Payload | MalformedEvent) -> ParsedRequest:
        """Return what the message, opened to its payload, asks for; never raises, whatever the message holds."""
        if isinstance(payload, MalformedEvent):
            violation = Violation("", "cloud_event", "a CloudEvent in structured mode", payload.reason)
            return rejected(message, "cloud_event", (violation,))
        body = parse_body(payload.data)
        if isinstance(body, BodyError):
            return rejected(message, body.reason, (body.violation,), payload=payload)
        if violations := self.validator.violations(body):
            return rejected(message, "schema", violations, payload=payload, body=body)
        request = parse_request(body)
        if not isinstance(request, ReleaseRequest):
            return request
        route = match_route(self.routes, request)
        if route is None:
            violation = Violation("", "no_route", "a target that one of the routes matches", _target(request))
            return rejected(message, "no_route", (violation,), payload=payload, body=request.document)
        full = with_defaults(route, request)
        if violations := policy_violations(route, full):
            return rejected(message, "policy", violations, payload=payload, body=full.document)
        release_id = request.release_id or derived_release_id(message.message_id, payload)
        return AcceptedRequest(
            release_id=release_id, message=message, request=full, route=route, payload_hash=payload_hash(request)
        )


def rejected(
    message: Message,
    reason: str,
    violations: Sequence[Violation],
    *,
    payload: Payload | None = None,
    body: Mapping[str, object] | None = None,
) -> RejectedRequest:
    """Return why the message is rejected, under the release id that its body names or else the message's own."""
    texts = {key: value for key, value in (body or {}).items() if isinstance(value, str)}
    named = texts.get("release_id", "")
    return RejectedRequest(
        release_id=named if RELEASE_ID_PATTERN.match(named) else derived_release_id(message.message_id, payload),
        message=message,
        reason=reason,
        violations=tuple(violations),
        legible={key: text for key, text in texts.items() if len(text) <= _LEGIBLE},
    )


def _target(request: ReleaseRequest) -> str:
    parts = {"target_env": request.target_env, "service": request.service, "task": request.task}
    return ", ".join(f"{key} {value!r}" for key, value in parts.items() if value is not None)[:120]
