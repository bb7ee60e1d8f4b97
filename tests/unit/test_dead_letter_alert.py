"""The log entry that wakes on-call, against its schema."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.domain.dead_letters.alert import ERROR_EVENT, alert, alert_severity
from interlock.domain.dead_letters.dead_letter import DeadLetter, note_repeat
from interlock.domain.requests.message import Message
from tests.events.load import names
from tests.messages import dead_letter_in, delivered

NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)
SCHEMAS = Path(__file__).parents[2] / "schemas"
SCHEMA = json.loads((SCHEMAS / "dead-letter-alert.v1.json").read_text())
EXAMPLES = SCHEMAS / "examples"
MARKS = [
    "interlock-reason",
    "interlock-stage",
    "interlock-error",
    "interlock-route",
    "interlock-message-id",
    "CloudPubSubDeadLetterSourceSubscription",
    "CloudPubSubDeadLetterSourceSubscriptionProject",
]
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def in_file(name: str) -> DeadLetter:
    return dead_letter_in(delivered(name))


def alert_for(dead_letter: DeadLetter, *, notify: bool = True) -> dict[str, Any]:
    incident, _ = note_repeat(None, dead_letter, NOW)
    return alert(
        dead_letter,
        incident=incident,
        notify=notify,
        instance="//interlock.dev/acme",
        runbooks="https://example.com/runbooks/",
    )


def properties(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for part in schema.get("properties", {}).values():
        yield part
        yield from properties(part)


@pytest.mark.parametrize("name", names("dead-letter-"))
def test_every_alert_conforms_to_the_schema(name: str) -> None:
    VALIDATOR.validate(alert_for(in_file(name)))


@settings(deadline=None)
@given(data=st.binary(), attributes=st.dictionaries(st.sampled_from(MARKS), st.text()))
def test_whatever_the_dead_letter_holds_the_alert_conforms_and_can_be_printed(
    data: bytes, attributes: dict[str, str]
) -> None:
    entry = alert_for(dead_letter_in(Message("1", NOW, data, attributes)))
    VALIDATOR.validate(entry)
    json.dumps(entry, ensure_ascii=False).encode()


def test_an_alert_says_what_happened_where_and_what_to_do() -> None:
    entry = alert_for(in_file("dead-letter-interlock"))
    assert entry["@type"] == ERROR_EVENT
    assert entry["message"] == (
        "Dead letter: web-1.2.4 for prod/web: job_not_found at dispatch_release (x1): "
        "404 Job projects/acme-releases/locations/europe-west1/jobs/release-agent was not found"
    )
    assert entry["runbook"] == "https://example.com/runbooks/job_not_found.md"
    assert entry["commands"] == {
        "show": f"interlock dead-letters show {entry['dead_letter_id']}",
        "replay": f"interlock dead-letters replay {entry['dead_letter_id']}",
    }
    labels = entry["logging.googleapis.com/labels"]
    assert (labels["reason"], labels["environment"], labels["severity"]) == ("job_not_found", "prod", "CRITICAL")
    assert labels["fingerprint"] == entry["context"]["reportLocation"]["functionName"] == entry["fingerprint"]


def test_credentials_in_the_body_never_leave() -> None:
    entry = alert_for(in_file("dead-letter-interlock"))
    assert "example-not-a-real-token" not in json.dumps(entry)
    assert "[redacted]" in entry["excerpt"]


def test_the_excerpt_is_bounded() -> None:
    entry = alert_for(replace(in_file("dead-letter-direct"), data=b"x" * 5000))
    assert len(entry["excerpt"]) == 1000


@pytest.mark.parametrize("notify", [True, False])
def test_the_label_says_whether_somebody_is_to_be_told(notify: bool) -> None:
    labels = alert_for(in_file("dead-letter-direct"), notify=notify)["logging.googleapis.com/labels"]
    assert labels["notify"] == ("true" if notify else "false")


def test_what_is_unknown_is_absent() -> None:
    entry = alert_for(in_file("dead-letter-direct"))
    assert not {"error", "route", "release_id", "target_env", "service", "delivery_count"} & entry.keys()
    assert entry["logging.googleapis.com/labels"]["environment"] == "unknown"


@pytest.mark.parametrize(
    ("reason", "target_env", "severity"),
    [
        ("schema", "dev", "WARNING"),
        ("schema", "prod", "ERROR"),
        ("schema", None, "ERROR"),
        ("no_route", "staging", "WARNING"),
        ("permission", "dev", "ERROR"),
        ("permission", "production", "CRITICAL"),
        ("delivery_exhausted", "prod-eu", "CRITICAL"),
        ("delivery_exhausted", "eu_live", "CRITICAL"),
        ("delivery_exhausted", "product-test", "ERROR"),
        ("delivery_exhausted", None, "ERROR"),
        ("some_new_reason", "PROD", "CRITICAL"),
    ],
)
def test_severity_goes_by_reason_and_environment(reason: str, target_env: str | None, severity: str) -> None:
    assert alert_severity(reason, target_env) == severity


@pytest.mark.parametrize(
    "path", sorted((EXAMPLES / "valid" / "dead-letter-alert").glob("*.json")), ids=lambda path: path.stem
)
def test_every_valid_example_is_valid(path: Path) -> None:
    VALIDATOR.validate(json.loads(path.read_text()))


@pytest.mark.parametrize(
    "path", sorted((EXAMPLES / "invalid" / "dead-letter-alert").glob("*.json")), ids=lambda path: path.stem
)
def test_every_invalid_example_is_wrong_in_exactly_one_place(path: Path) -> None:
    errors = VALIDATOR.iter_errors(json.loads(path.read_text()))
    assert len({error.json_path for error in errors}) == 1


def test_there_are_examples_of_both_kinds() -> None:
    assert len(list((EXAMPLES / "valid" / "dead-letter-alert").glob("*.json"))) >= 4
    assert len(list((EXAMPLES / "invalid" / "dead-letter-alert").glob("*.json"))) >= 8


def test_every_property_is_described_and_every_text_is_bounded() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for part in properties(SCHEMA):
        assert part["description"]
        if part["type"] == "string":
            assert {"minLength", "maxLength", "pattern"} <= part.keys()
        if part["type"] == "object":
            assert part["additionalProperties"] is False
