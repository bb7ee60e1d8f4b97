"""The log's lines: one JSON object each, what is bound in all of them, a credential in none."""

import json
from typing import Any

import pytest

from interlock.structured_log import JsonJournal


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_what_is_bound_is_in_every_line_and_what_is_unknown_in_none(capsys: pytest.CaptureFixture[str]) -> None:
    journal = JsonJournal(function="dispatch_release").bind(message_id="7", delivery_attempt=None)
    journal.note("release_step", state="queued", execution=None)
    journal.note("delivery_failed", severity="WARNING")
    bound = {"function": "dispatch_release", "message_id": "7"}
    assert _lines(capsys) == [
        {"severity": "INFO", "message": "release_step", "event": "release_step", **bound, "state": "queued"},
        {"severity": "WARNING", "message": "delivery_failed", "event": "delivery_failed", **bound},
    ]


def test_no_line_holds_a_credential_whether_it_was_bound_or_noted(capsys: pytest.CaptureFixture[str]) -> None:
    journal = JsonJournal(url="https://ci:hunter2@example.com").bind(password="hunter2")
    journal.note("delivery_failed", error="token=hunter2", details={"api_key": "hunter2"})
    [line] = _lines(capsys)
    assert "hunter2" not in json.dumps(line)
    assert line["url"] == "https://[redacted]@example.com"


def test_a_journal_that_was_bound_leaves_the_one_it_came_from_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    journal = JsonJournal(function="report_status")
    journal.bind(event_id="1")
    journal.note("execution_ended")
    assert "event_id" not in _lines(capsys)[0]
