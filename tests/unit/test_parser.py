"""A message becomes what it asks for, or the reason why not: open → validate → parse → route → check."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.cloud_events import open_message
from interlock.domain.releases.candidate import candidate, conflicting
from interlock.domain.releases.model import Release, State
from interlock.domain.requests.message import Message
from interlock.domain.requests.parser import AcceptedRequest, ParsedRequest, RejectedRequest, RequestParser
from interlock.domain.requests.request import CancelRequest, ResumeRequest
from interlock.domain.requests.routes import parse_routes
from tests.build import NOW
from tests.messages import delivered
from tests.unit.contract_examples import REQUESTS
from tests.unit.request_builders import MINIMAL

JOB = "projects/acme/locations/europe-west1/jobs/release-agent"
STAGING = {"name": "staging", "match": {"target_env": "staging"}, "job": JOB, "defaults": {"timeout_seconds": 600}}
EVENT = {"specversion": "1.0", "id": "7", "source": "//ci", "type": "build"}
PARSER = RequestParser(REQUESTS, parse_routes({"routes": [STAGING]}))


def message(body: object, **attributes: str) -> Message:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Message("4711", datetime(2026, 3, 4, tzinfo=UTC), data, attributes)


def parsed(body: object, **attributes: str) -> ParsedRequest:
    one = message(body, **attributes)
    return PARSER.parse(one, open_message(one))


def accepted(**keys: object) -> AcceptedRequest:
    found = parsed({**MINIMAL, **keys})
    assert isinstance(found, AcceptedRequest)
    return found


def rejected(body: object, **attributes: str) -> RejectedRequest:
    found = parsed(body, **attributes)
    assert isinstance(found, RejectedRequest)
    return found


def release(**keys: object) -> Release:
    return candidate(accepted(**keys), now=NOW)


def test_a_request_is_accepted_with_its_route_and_the_route_s_defaults() -> None:
    found = accepted()
    assert (found.route.name, found.request.timeout_seconds, found.release_id) == ("staging", 600, "msg-4711")


def test_a_changed_default_of_the_route_makes_no_other_request() -> None:
    changed = RequestParser(REQUESTS, parse_routes({"routes": [{**STAGING, "defaults": {"timeout_seconds": 60}}]}))
    other = changed.parse(message(MINIMAL), open_message(message(MINIMAL)))
    assert isinstance(other, AcceptedRequest)
    assert other.payload_hash == accepted().payload_hash != accepted(service="web").payload_hash


def test_a_request_s_own_id_comes_before_its_event_s_and_that_before_its_message_s() -> None:
    in_event = {"ce-specversion": "1.0", "ce-source": "//ci", "ce-id": "7", "ce-type": "build"}
    assert parsed({**MINIMAL, "release_id": "web-1"}, **in_event).release_id == "web-1"
    assert parsed(MINIMAL, **in_event).release_id.startswith("ce-")
    assert parsed(MINIMAL).release_id == "msg-4711"


@pytest.mark.parametrize("body", [{"cancel": "web-1", "reason": "wrong"}, {"resume": "web-1"}])
def test_a_cancel_and_a_resume_are_the_same_in_a_structured_event(body: dict[str, str]) -> None:
    plain = parsed(body)
    assert isinstance(plain, CancelRequest | ResumeRequest)
    assert parsed({**EVENT, "data": body}, **{"content-type": "application/cloudevents+json"}) == plain


@pytest.mark.parametrize(
    ("body", "reason", "rules"),
    [
        (b"", "empty", ["empty"]),
        (b"{", "not_json", ["not_json"]),
        ({**MINIMAL, "service": 7, "zzz": 1}, "schema", ["type", "additionalProperties"]),
        ({**MINIMAL, "target_env": "moon"}, "no_route", ["no_route"]),
        ({**MINIMAL, "artifact_path": "https://elsewhere.example/a.zip"}, "policy", ["allowed_sources"]),
    ],
)
def test_a_message_is_rejected_by_the_first_step_that_it_fails_with_all_that_step_finds(
    body: object, reason: str, rules: list[str]
) -> None:
    found = rejected(body)
    assert (found.reason, [violation.rule for violation in found.violations]) == (reason, rules)


def test_an_event_without_an_id_is_rejected_as_an_event() -> None:
    one = delivered("cloud-event-structured-without-id")
    found = PARSER.parse(one, open_message(one))
    assert isinstance(found, RejectedRequest)
    assert found.reason == "cloud_event"


def test_a_rejected_request_keeps_the_id_it_names_only_if_that_is_one() -> None:
    assert rejected({"release_id": "web-1"}).release_id == "web-1"
    assert rejected({"release_id": "web 1"}).release_id == "msg-4711"
    assert rejected({"release_id": 7}).release_id == "msg-4711"


def test_only_the_short_texts_of_a_rejected_request_are_kept_for_filters() -> None:
    body = {"target_env": "staging", "reason": "x" * 201, "params": {"A": "b"}, "zzz": 1}
    assert rejected(body).legible == {"target_env": "staging"}


@settings(deadline=None)
@given(
    st.binary()
    | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(lambda one: json.dumps(one).encode())
)
def test_no_message_whatever_raises(data: bytes) -> None:
    assert isinstance(parsed(data), RejectedRequest)


class TestCandidate:
    """The record that a release begins with."""

    def test_an_accepted_request_begins_queued_with_the_plan_of_its_route(self) -> None:
        found = release()
        assert found.plan is not None
        assert (found.state, found.plan.lane, found.plan.matched) == (
            State.QUEUED, "staging/default", ("target_env=staging",)
        )  # fmt: skip
        assert (found.request["service"], found.request["timeout_seconds"]) == ("default", 600)

    def test_only_a_whole_forward_release_may_be_replaced_by_a_newer_one(self) -> None:
        whole, sharded = release(), release(manifest_path="gs://my-artifacts/items.txt", task_count=3)
        plans = [one.plan for one in (whole, release(rollback=True), sharded)]
        assert [plan is not None and plan.replaceable for plan in plans] == [True, False, False]

    def test_a_rejected_request_begins_closed_with_every_violation(self) -> None:
        found = candidate(rejected({**MINIMAL, "service": 7, "zzz": 1}), now=NOW)
        assert (found.state, found.plan, found.result.reason) == (State.REJECTED, None, "schema")
        assert len(found.result.violations) == 2
        assert str(found.result.violations[0]) in str(found.result.detail)

    def test_a_message_too_large_for_a_record_stays_in_pubsub_only(self) -> None:
        found = candidate(rejected(b" " * 300_000 + b"{}", team="web"), now=NOW)
        assert (found.source.data, found.source.attributes) == (None, {})
        assert release().source.data is not None

    def test_a_conflict_is_announced_under_the_message_s_own_id(self) -> None:
        found = conflicting(release(release_id="web-1"))
        assert (found.release_id, found.state, found.plan) == ("msg-4711", State.REJECTED, None)
        assert (found.result.reason, found.result.violations[0].found) == ("id_conflict", "web-1")

    def test_a_conflict_of_a_request_that_is_rejected_anyway_keeps_its_reason(self) -> None:
        refused = candidate(rejected({"release_id": "web-1"}), now=NOW)
        found = conflicting(replace(refused, payload_hash="another"))
        assert (found.release_id, found.result.reason) == ("msg-4711", "schema")
