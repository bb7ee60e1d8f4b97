"""Every payload of tests/events goes through its real entry point, as the platform would send it."""

import json
from dataclasses import replace
from typing import Any

import pytest

from interlock.cloud_events import parse_delivery
from interlock.domain.dead_letters.stored import StoredDeadLetter
from interlock.domain.executions.completion import read_completion
from interlock.domain.releases.events import ExecutionEnded
from interlock.domain.releases.model import Release, State
from interlock.domain.requests.delivery import PubSubDelivery, Unreadable, log_entry
from interlock.ledger.interface import Commit
from interlock.ledger.records import Key
from interlock.services.release_transaction import release_key
from tests.build import a_release
from tests.events.load import encoded, event, names
from tests.functions.conftest import Functions
from tests.messages import dead_letter_in, delivered

REQUESTS = [name for name in names() if name.startswith(("push-", "eventarc-", "cloud-event-"))]
REJECTED = {"push-attributes-only": "empty", "cloud-event-structured-without-id": "cloud_event"}


def test_no_payload_is_left_out() -> None:
    rest = [*names("completion-"), *names("ignored-"), *names("dead-letter-")]
    assert sorted([*REQUESTS, *rest]) == names()


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_in_every_envelope_is_acknowledged_and_decided(functions: Functions, name: str) -> None:
    headers, body = event(name)
    delivery = parse_delivery(headers, body)
    assert isinstance(delivery, PubSubDelivery)
    assert functions.post("dispatch_release", headers, body) == 204
    decided = [one for one in functions.ledger.recent(1000) if delivery.message.message_id in one.message_ids]
    assert decided
    if name in REJECTED:
        assert (decided[0].state, decided[0].result.reason) == (State.REJECTED, REJECTED[name])
        assert functions.recorded.told(decided[0].release_id) == ["rejected"]
    else:
        assert decided[0].state in (State.STARTED, State.QUEUED)


def test_a_dispatch_writes_a_line_for_each_decision_and_no_more(
    functions: Functions, capfd: pytest.CaptureFixture[str]
) -> None:
    request = {
        "release_version": "1",
        "target_env": "staging",
        "service": "logged",
        "artifact_path": "gs://my-artifacts/my-app-1.zip",
        "deployment_script": "deploy.sh",
    }
    push = {"message": {"data_json": request, "messageId": "1", "publishTime": "2026-03-04T09:15:30Z"}}
    assert functions.post("dispatch_release", {}, json.dumps(encoded(push)).encode()) == 204
    assert [(line["event"], line["step"]) for line in _lines(capfd)] == [
        ("release_step", "request_received"),
        ("release_step", "start_confirmed"),
    ]


def _lines(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capfd.readouterr().out.splitlines() if line.startswith("{")]


def _running(completion: ExecutionEnded) -> Release:
    job = completion.execution.rpartition("/executions/")[0]
    release = a_release(completion.release_id, state=State.STARTED, execution=completion.execution, plan={"job": job})
    return replace(release, attempt=completion.attempt or 1, fencing_token=completion.fencing_token or 1)


@pytest.mark.parametrize("name", names("completion-"))
def test_a_completion_closes_the_release_it_names(functions: Functions, name: str) -> None:
    headers, body = event(name)
    delivery = parse_delivery(headers, body)
    assert not isinstance(delivery, Unreadable)
    entry = log_entry(delivery)
    assert not isinstance(entry, Unreadable)
    completion = read_completion(entry)
    if name == "completion-without-release":
        assert functions.post("report_status", headers, body) == 204
        return
    assert isinstance(completion, ExecutionEnded)
    key = release_key(completion.release_id)
    functions.ledger.transact((), lambda _: Commit({key: _running(completion)}, None))
    told = len(functions.recorded.told(completion.release_id))
    assert functions.post("report_status", headers, body) == 204
    release = functions.release(completion.release_id)
    assert release is not None
    assert release.state == completion.state
    assert functions.recorded.told(completion.release_id)[told:] == [completion.state]


@pytest.mark.parametrize("name", names("ignored-"))
def test_what_is_no_completion_is_acknowledged_and_tells_only_the_log(
    functions: Functions, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    told = len(functions.recorded.published.get("release-status", []))
    assert functions.post("report_status", *event(name)) == 204
    assert len(functions.recorded.published.get("release-status", [])) == told
    [line] = _lines(capfd)
    assert (line["event"], line["function"]) == ("delivery_ignored", "report_status")
    assert line["reason"]


@pytest.mark.parametrize("name", names("dead-letter-"))
def test_a_dead_letter_is_kept_and_told(functions: Functions, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    headers, body = event(name)
    assert functions.post("alert_dead_letter", headers, body) == 204
    letter = dead_letter_in(delivered(name))
    assert isinstance(functions.ledger.read(Key("dead_letters", letter.dead_letter_id)), StoredDeadLetter)
    [alert] = _lines(capfd)
    assert alert["event"] == "dead_letter"
    assert alert["commands"]["replay"] == f"interlock dead-letters replay {letter.dead_letter_id}"


def test_both_cloud_event_modes_are_one_release(functions: Functions) -> None:
    for name in ("cloud-event-binary", "cloud-event-structured"):
        functions.post("dispatch_release", *event(name))
    [release] = [one for one in functions.ledger.recent(1000) if "9000000000000010" in one.message_ids]
    assert "9000000000000011" in release.message_ids
    assert release.state in (State.STARTED, State.QUEUED)
    assert set(functions.recorded.told(release.release_id)) == {release.state}
