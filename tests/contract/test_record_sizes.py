"""The largest records there can be still fit where they are kept: a Firestore document takes 1 MiB."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from interlock.bootstrap import FullLedger, open_ledger
from interlock.cloud_events import open_message
from interlock.domain.executions.agent_results import with_agent_results
from interlock.domain.releases.candidate import candidate
from interlock.domain.releases.lane import Lane, Waiting, wait
from interlock.domain.releases.model import Release, Result, State
from interlock.domain.releases.transitions import HISTORY_KEPT, announce, close, with_dead_letter, with_message_id
from interlock.domain.requests.json_body import MAX_BYTES
from interlock.domain.requests.message import Message
from interlock.domain.requests.parser import AcceptedRequest, RejectedRequest, RequestParser
from interlock.domain.requests.routes import parse_routes
from interlock.domain.requests.schema_validation import SchemaValidator
from interlock.ledger.interface import Commit
from interlock.ledger.records import Key, to_row
from interlock.schema_files import load_schema
from interlock.services.release_transaction import release_key
from tests.build import JOB, NOW, a_context, at

LARGEST_DOCUMENT = 1024 * 1024
ROUTES = {"routes": [{"name": "r" * 63, "match": {"target_env": "*"}, "job": JOB}]}
WIDE = "\U0001f680"
"""Four bytes in UTF-8, and one character to whoever counts these."""


@pytest.fixture(params=["sqlite", "firestore"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FullLedger]:
    if request.param == "sqlite":
        yield open_ledger(f"sqlite://{tmp_path}/ledger.db")
    else:
        yield request.getfixturevalue("firestore_ledger")


def read(body: bytes, attributes: dict[str, str]) -> Release:
    parser = RequestParser(SchemaValidator.of(load_schema("release-request.v1")), parse_routes(ROUTES))
    message = Message("1" * 20, NOW, body, attributes)
    parsed = parser.parse(message, open_message(message))
    assert isinstance(parsed, AcceptedRequest | RejectedRequest)
    return candidate(parsed, now=NOW)


def the_largest_request() -> Release:
    """Return a release whose message is as long as the contract takes, with all attributes that Pub/Sub takes."""
    request: dict[str, Any] = {
        "release_id": "i" * 128,
        "release_version": "v" * 128,
        "target_env": "e" * 63,
        "service": "s" * 63,
        "artifact_path": "gs://bucket/" + "a" * 2000,
        "deployment_script": "gs://bucket/" + "d" * 2000,
        "reason": "x" * 500,
        "params": {f"P{number}": "\x01" * 600 for number in range(64)},
    }
    room = MAX_BYTES - len(json.dumps(request)) - 64
    request["script_args"] = ["y" * 4000 for _ in range(min(60, room // 4010))]
    body = json.dumps(request).encode()
    assert MAX_BYTES * 0.95 < len(body) <= MAX_BYTES
    release = read(body, {f"{number:03}".ljust(256, "k"): "v" * 1024 for number in range(100)})
    assert release.plan is not None, release.result
    assert release.source.data == body
    return release


def the_largest_result() -> Result:
    items = {"count": 10_000, "names": [f"{number}{WIDE * 200}" for number in range(100)]}
    told = {
        "outcome": "failure",
        "exit_code": 255,
        "outputs": {f"{number}".ljust(64, "k"): WIDE * 1000 for number in range(50)},
        "error_lines": [WIDE * 1000 for _ in range(20)],
        "items": {"succeeded": items, "failed": items, "not_started": items},
    }
    return with_agent_results(Result(reason="non_zero_exit", detail=WIDE * 1000, exit_code=1), [told])


def the_largest_release() -> Release:
    """Return it closed for the worst, after its longest life, with nothing of its news sent."""
    release = the_largest_request()
    for number in range(100):
        release = with_message_id(release, f"{number}".rjust(20, "0"))
    for number in range(HISTORY_KEPT):
        release = replace(announce(release, a_context(at(number))), outbox=release.outbox)
    name = f"{JOB}/executions/release-agent-x7k2p"
    release = announce(
        replace(release, state=State.STARTED, execution=name, log_uri="https://x/" + "l" * 500), a_context(at(99))
    )
    closed, _ = close(release, None, State.FAILED, the_largest_result(), a_context(at(100)))
    return with_dead_letter(closed, stage="start")


def a_hopeless_request() -> Release:
    """Return what becomes of a request that is wrong in as many places as fit."""
    wrong = {f"{number}{WIDE * 50}": WIDE * 50 for number in range(400)}
    candidate = read(json.dumps(wrong, ensure_ascii=False).encode(), {})
    rejected, _ = close(candidate, None, State.REJECTED, candidate.result, a_context())
    return with_dead_letter(rejected, stage="validate")


@pytest.mark.parametrize("release", [the_largest_release(), a_hopeless_request()], ids=["full life", "hopeless"])
def test_the_largest_release_is_kept(ledger: FullLedger, release: Release) -> None:
    assert len(to_row(release).body.encode()) < LARGEST_DOCUMENT * 0.97
    key = release_key(release.release_id)
    ledger.transact((key,), lambda _: Commit({key: release}, None))
    assert ledger.read(key) == release


def test_a_full_lane_of_the_longest_ids_is_kept(ledger: FullLedger) -> None:
    lane = Lane(key="e" * 63 + "/" + "s" * 63, holders=("h" * 128,))
    for number in range(100):
        waiting = Waiting(NOW + timedelta(microseconds=number), f"{number:03}".rjust(128, "i"), replaceable=True)
        lane = wait(lane, waiting)
    key = Key("lanes", lane.key)
    ledger.transact((key,), lambda _: Commit({key: lane}, None))
    assert ledger.read(key) == lane
    assert len(lane.queue) == 100


def test_attributes_that_swell_beyond_a_record_are_not_kept() -> None:
    release = read(b'{"task": "tidy"}', {"k": "\x01" * 30_000})
    assert (release.source.data, release.source.attributes) == (None, {})
