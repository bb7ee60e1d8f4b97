"""logs from Cloud Logging, over real gRPC: what is asked for, what is shown, what is not shown twice."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import grpc
import pytest
from google.cloud.logging_v2.types import ListLogEntriesRequest, ListLogEntriesResponse, LogEntry

from interlock.bootstrap import open_ledger
from interlock.domain.releases.events import StartConfirmed
from interlock.services.release_transaction import release_key
from interlock_cli.actions.cloud_logging import CloudLogReader
from interlock_cli.errors import CommandError
from tests.build import NOW
from tests.cli.cases import Case
from tests.cli.google_server import refusing, serving
from tests.cli.sandbox import Sandbox, run_here
from tests.cli.seed import seeding

METHOD = "google.logging.v2.LoggingServiceV2/ListLogEntries"
EXECUTION = "projects/acme/locations/europe-west1/jobs/one/executions/one-x7k2p"


def entry(number: int, **changes: Any) -> LogEntry:
    at = NOW + timedelta(seconds=number)
    return LogEntry(log_name="projects/acme/logs/run", insert_id=f"i{number}", timestamp=at, **changes)


def structured(number: int, severity: str, **payload: Any) -> LogEntry:
    return entry(number, json_payload=payload, severity=severity)


@dataclass
class Logs:
    """Keeps entries, and gives them in pages of two; remembers what it was asked."""

    entries: list[LogEntry]
    asked: list[ListLogEntriesRequest] = field(default_factory=list)

    def answer(self, request: bytes, _: grpc.ServicerContext) -> bytes:
        asked: Any = ListLogEntriesRequest.deserialize(request)
        self.asked.append(asked)
        start = int(asked.page_token or 0)
        more = str(start + 2) if start + 2 < len(self.entries) else ""
        page = ListLogEntriesResponse(entries=self.entries[start : start + 2], next_page_token=more)
        return ListLogEntriesResponse.serialize(page)


LINES = [
    entry(1, text_payload="applying 3 changes"),
    structured(2, "INFO", message="release started"),
    structured(3, "ERROR", message="quota is nearly used up"),
]


def test_all_pages_are_read_in_order_and_only_the_execution_s() -> None:
    logs = Logs(LINES)
    with serving({METHOD: logs.answer}) as address:
        found = list(CloudLogReader(EXECUTION, address).read_new())
    assert [one["message"] for one in found] == ["applying 3 changes", "release started", "quota is nearly used up"]
    assert found[2]["severity"] == "ERROR"
    asked = logs.asked[0]
    assert (list(asked.resource_names), asked.order_by) == (["projects/acme"], "timestamp asc")
    for part in ('location="europe-west1"', 'job_name="one"', 'execution_name"="one-x7k2p"', 'type="cloud_run_job"'):
        assert part in asked.filter


def test_the_next_look_begins_where_the_last_entry_stands_and_shows_only_what_is_new() -> None:
    logs = Logs(LINES[:1])
    with serving({METHOD: logs.answer}) as address:
        lines = CloudLogReader(EXECUTION, address)
        assert len(list(lines.read_new())) == 1
        logs.entries = LINES
        assert [one["message"] for one in lines.read_new()] == ["release started", "quota is nearly used up"]
    assert f'timestamp>="{(NOW + timedelta(seconds=1)).isoformat()}"' in logs.asked[1].filter


def test_a_refusal_says_which_role_is_missing() -> None:
    denied = {METHOD: refusing(grpc.StatusCode.PERMISSION_DENIED, "denied")}
    with serving(denied) as address, pytest.raises(CommandError) as refused:
        list(CloudLogReader(EXECUTION, address).read_new())
    assert "roles/logging.viewer" in refused.value.remedy


def test_the_command_prints_them(sandbox: Sandbox) -> None:
    seed = seeding(open_ledger(sandbox.ledger), sandbox.folder / "logs")
    release = seed.submitted("cloud-1", 1000, target_env="test")
    seed.happens("cloud-1", StartConfirmed(release.fencing_token, EXECUTION, "https://console.example/logs"), 1001)
    assert open_ledger(sandbox.ledger).read(release_key("cloud-1"))
    with serving({METHOD: Logs(LINES).answer}) as address:
        as_text = run_here(sandbox, Case("", f"logs cloud-1 --endpoint {address}"))
        as_json = run_here(sandbox, Case("", "logs cloud-1 --json"), INTERLOCK_LOGGING_ENDPOINT=address)
    assert as_text.out.splitlines() == [
        "12:00:01  applying 3 changes",
        "12:00:02  release started",
        "12:00:03  ERROR quota is nearly used up",
    ]
    assert [json.loads(line)["severity"] for line in as_json.out.splitlines()] == ["DEFAULT", "INFO", "ERROR"]
