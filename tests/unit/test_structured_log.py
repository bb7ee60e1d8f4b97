"""The log's entries: one JSON object each, what is bound in all of them, a credential in none, one write for each."""

import io
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from google.cloud.logging.handlers import StructuredLogHandler

from interlock.structured_log import StructuredFormatter, bound, log_entry, log_event
from interlock.trace_context import log_fields

LABELS = "logging.googleapis.com/labels"


class Written(io.StringIO):
    """A stream that remembers each write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []

    def write(self, text: str) -> int:
        self.writes.append(text)
        return super().write(text)

    @property
    def entries(self) -> list[dict[str, Any]]:
        return [json.loads(one) for one in self.writes]


@pytest.fixture
def written() -> Iterator[Written]:
    stream, log = Written(), logging.getLogger("interlock")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(StructuredFormatter("acme"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    yield stream
    log.removeHandler(handler)


def test_what_is_bound_is_in_every_entry_and_what_is_unknown_in_none(written: Written) -> None:
    with bound(function="dispatch_release"), bound(message_id="7", delivery_attempt=None):
        log_event("release_step", logging.INFO, state="queued", execution=None)
        log_event("delivery_failed", logging.WARNING)
    shared = {"function": "dispatch_release", "message_id": "7"}
    assert written.entries == [
        {"severity": "INFO", **shared, "message": "release_step", "event": "release_step", "state": "queued"},
        {"severity": "WARNING", **shared, "message": "delivery_failed", "event": "delivery_failed"},
    ]


def test_an_entry_is_one_write_with_its_end(written: Written) -> None:
    log_event("release_step", logging.INFO)
    assert [one[-1] for one in written.writes] == ["\n"]


def test_no_entry_holds_a_credential_whether_it_was_bound_or_given(written: Written) -> None:
    with bound(url="https://ci:hunter2@example.com", password="hunter2"):
        log_event("delivery_failed", logging.WARNING, error="token=hunter2", details={"api_key": "hunter2"})
    [entry] = written.entries
    assert "hunter2" not in json.dumps(entry)
    assert entry["url"] == "https://[redacted]@example.com"


def test_what_was_bound_ends_with_its_block(written: Written) -> None:
    with bound(event_id="1"):
        pass
    log_event("execution_ended", logging.INFO)
    assert "event_id" not in written.entries[0]


def test_each_thread_has_what_it_bound_itself(written: Written) -> None:
    def work(number: int) -> None:
        with bound(message_id=str(number)):
            barrier.wait()
            log_event("release_step", logging.INFO, release_id=str(number))

    barrier = threading.Barrier(4)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(entry["message_id"] for entry in written.entries) == ["0", "1", "2", "3"]
    assert all(entry["message_id"] == entry["release_id"] for entry in written.entries)


TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
CLOUD = {"X-Cloud-Trace-Context": f"{TRACE}/13235353014750950193;o=1"}


@pytest.mark.parametrize("headers", [{"traceparent": f"00-{TRACE}-{SPAN}-01"}, CLOUD])
def test_an_entry_carries_trace_and_span_as_cloud_logging_wants_them(written: Written, headers: dict[str, str]) -> None:
    with bound(**log_fields(headers)):
        log_event("release_step", logging.INFO)
    [entry] = written.entries
    assert entry["logging.googleapis.com/trace"] == f"projects/acme/traces/{TRACE}"
    assert entry["logging.googleapis.com/spanId"] == SPAN
    assert entry["logging.googleapis.com/trace_sampled"] is True


def test_an_entry_has_the_form_that_google_s_own_handler_writes(written: Written) -> None:
    stream = io.StringIO()
    theirs = logging.Logger("theirs")
    theirs.addHandler(StructuredLogHandler(project_id="acme", stream=stream))
    fields = {"event": "release_step", "release_id": "web-1"}
    tracing = {"trace": f"projects/acme/traces/{TRACE}", "span_id": SPAN, "trace_sampled": True}
    theirs.warning("release_step", extra={"json_fields": fields, "labels": {"execution_id": "abc123"}, **tracing})
    headers = {"traceparent": f"00-{TRACE}-{SPAN}-01", "function-execution-id": "abc123"}
    with bound(**log_fields(headers)):
        log_event("release_step", logging.WARNING, release_id="web-1")
    [ours], expected = written.entries, json.loads(stream.getvalue().splitlines()[-1])
    only_theirs = {"logging.googleapis.com/sourceLocation", "httpRequest"}
    assert ours == {
        key: {name: text for name, text in value.items() if name != "python_logger"} if key == LABELS else value
        for key, value in expected.items()
        if key not in only_theirs
    }


def test_an_entry_s_own_labels_stand_beside_the_execution_s(written: Written) -> None:
    with bound(**log_fields({"function-execution-id": "abc123"})):
        log_entry({"message": "m", LABELS: {"notify": "true"}}, logging.ERROR)
    assert written.entries[0][LABELS] == {"execution_id": "abc123", "notify": "true"}


@pytest.mark.parametrize(
    "headers",
    [{}, {"traceparent": "00-xyz-1-01"}, {"X-Cloud-Trace-Context": "short/1;o=1"}, {"Function-Execution-Id": 'a"b'}],
)
def test_headers_that_say_nothing_leave_nothing(headers: dict[str, str]) -> None:
    assert log_fields(headers) == {}


BURST = """
import logging, sys, threading
from functions_framework.execution_id import LoggingHandlerAddExecutionId
from interlock.structured_log import configure, log_entry
sys.stdout = LoggingHandlerAddExecutionId(sys.stdout)
configure("acme")
work = lambda name: [log_entry({"event": "dead_letter", "by": name, "n": n}, logging.ERROR) for n in range(30)]
threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
[one.start() for one in threads]
[one.join() for one in threads]
"""


def test_a_burst_on_four_threads_loses_no_entry_where_google_wraps_standard_output() -> None:
    environment = {**os.environ, "LOG_EXECUTION_ID": "true"}
    done = subprocess.run([sys.executable, "-c", BURST], env=environment, capture_output=True, text=True, check=True)
    entries = [json.loads(line) for line in done.stdout.splitlines()]
    assert {(one["by"], one["n"]) for one in entries} == {(name, n) for name in "abcd" for n in range(30)}
    assert len(entries) == 120
