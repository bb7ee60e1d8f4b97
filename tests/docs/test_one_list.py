"""No second list: where schema, code and documentation name the same things, they name the same ones."""

import json
import re
from typing import Any, get_args

from interlock.config import SETTINGS
from interlock.domain.dead_letters.alert import Severity
from interlock.domain.releases.model import OUTCOMES, State
from interlock.domain.requests.routes import LaneMode, Rerun
from interlock_local.stack import names
from tests.docs.pages import ROOT, Page


def schema(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((ROOT / "schemas" / f"{name}.v1.json").read_text())
    return document


def enums(node: Any, key: str) -> list[set[str]]:
    """Return the enum of every property of this name, wherever it stands."""
    if isinstance(node, list):
        return [found for item in node for found in enums(item, key)]
    if not isinstance(node, dict):
        return []
    own = [set(node[key]["enum"])] if isinstance(node.get(key), dict) and "enum" in node[key] else []
    return own + [found for item in node.values() for found in enums(item, key)]


def test_the_states_of_the_schema_are_those_of_the_record_but_the_internal_one() -> None:
    assert set(schema("status-event")["properties"]["state"]["enum"]) == set(State) - {State.STARTING}


def test_the_outcomes_of_the_schema_are_those_that_close_a_release() -> None:
    assert set(schema("status-event")["properties"]["outcome"]["enum"]) == set(OUTCOMES.values())


def test_the_modes_of_a_lane_are_those_of_the_schema() -> None:
    assert set(LaneMode) in enums(schema("routes"), "lane_mode")
    assert set(Rerun) in enums(schema("routes"), "rerun")


def test_functions_have_one_name_everywhere() -> None:
    table = re.findall(r"^\| `(\w+)` \| ", Page(ROOT / "README.md").text.split("<!-- settings")[0], re.MULTILINE)
    assert list(names.FUNCTIONS) == list(SETTINGS) == table


def test_the_severities_of_an_alert_are_those_of_the_schema() -> None:
    found = enums(schema("dead-letter-alert")["properties"], "severity")
    assert found == [set(get_args(Severity))] * len(found)
    assert found
