"""The status event: its examples, its identity, and how far its schema and the code's states agree."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from interlock.cloud_events import status_event_message
from interlock.domain.releases.model import OUTCOMES, Result, State
from interlock.domain.releases.status_event import status_event
from interlock.domain.requests.schema_validation import SchemaValidator
from interlock.schema_files import load_schema
from tests.build import a_context, a_release

EXAMPLES = Path(__file__).parents[2] / "schemas" / "examples"
CONTRACT = SchemaValidator.of(load_schema("status-event.v1"))


def examples(verdict: str) -> list[Path]:
    return sorted((EXAMPLES / verdict / "status-event").glob("*.json"))


@pytest.mark.parametrize("path", examples("valid"), ids=lambda path: path.stem)
def test_a_valid_example_is_valid(path: Path) -> None:
    assert CONTRACT.violations(json.loads(path.read_text())) == ()


@pytest.mark.parametrize("path", examples("invalid"), ids=lambda path: path.stem)
def test_an_invalid_example_breaks_a_rule(path: Path) -> None:
    assert CONTRACT.violations(json.loads(path.read_text()))


def test_there_is_an_example_for_every_state() -> None:
    shown = {json.loads(path.read_text())["state"] for path in examples("valid")}
    assert shown == {"queued", "started", *(state.value for state in OUTCOMES)}


def test_a_replay_is_the_same_event() -> None:
    release = a_release(state=State.SUCCEEDED, sequence=3)
    first, again = (status_event(release, a_context(), sequence=3) for _ in range(2))
    assert first == again
    assert first.id == "web-1/1/3"


def test_another_attempt_or_sequence_is_another_event() -> None:
    release = a_release(state=State.SUCCEEDED, sequence=3)
    others = [(replace(release, attempt=2), 3), (release, 4), (release, 3)]
    assert len({status_event(one, a_context(), sequence=sequence).id for one, sequence in others}) == 3


def test_the_attributes_are_those_of_a_cloud_event_and_of_filters() -> None:
    release = a_release(state=State.FAILED, sequence=3, result=Result(reason="timeout"))
    context = replace(a_context(), instance="acme")
    attributes = status_event_message(status_event(release, context, sequence=3)).attributes
    assert attributes["ce-type"] == "dev.interlock.release.failed.v1"
    assert attributes["ce-subject"] == attributes["release_id"] == "web-1"
    assert attributes["ce-source"] == "//interlock.dev/instances/acme"
    assert {key: attributes[key] for key in ("state", "outcome", "target_env", "service")} == {
        "state": "failed",
        "outcome": "failure",
        "target_env": "staging",
        "service": "web",
    }
