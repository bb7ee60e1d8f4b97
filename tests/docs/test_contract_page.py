"""The contract's page says what code, schemas and Terraform say: its tables name the same keys, words and codes."""

import json
import re
from collections.abc import Mapping
from typing import Any

from interlock.cloud_events import status_event_message
from interlock.domain.reasons import ERRORED, FAILED, REASONS, REJECTED
from interlock.domain.releases.model import OUTCOMES, State
from interlock.domain.releases.status_event import status_event
from interlock_cli.errors import ExitCode
from interlock_cli.views.exit_codes import EXIT_CODES
from tests.build import a_context, a_release
from tests.docs.pages import ROOT, Page

PAGE = Page(ROOT / "docs" / "contract.md")
WORD = re.compile(r"`([^`]+)`")


def rows(section: str, first_heading: str) -> list[list[str]]:
    """Return the cells of the section's table whose first column bears the heading."""
    _, _, rest = PAGE.text.partition(f"\n## {section} ")
    lines = rest.partition("\n## ")[0].splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith(f"| {first_heading} |"))
    table = []
    for line in lines[begin + 2 :]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split("|")])
    return table


def words(cell: str) -> set[str]:
    return set(WORD.findall(cell))


def schema(name: str) -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads((ROOT / "schemas" / f"{name}.v1.json").read_text())
    return document


def test_every_kind_of_request_has_the_keys_of_its_schema() -> None:
    kinds = {kind: (words(required), words(optional)) for kind, required, optional in rows("1.1", "kind")}
    shapes = {kind: schema("release-request")["$defs"][kind] for kind in kinds}
    required = {kind: set(shape["required"]) for kind, shape in shapes.items()}
    optional = {kind: set(shape["properties"]) - required[kind] for kind, shape in shapes.items()}
    assert kinds == {kind: (required[kind], optional[kind]) for kind in shapes}


def test_a_route_has_the_keys_of_its_schema() -> None:
    properties = schema("routes")["$defs"]["route"]["properties"]
    named = set().union(*(words(row[0]) for row in rows("1.2", "key")))
    assert named | {"max_parallel"} == set(properties)


def test_every_state_that_is_announced_has_its_outcome() -> None:
    told = {WORD.findall(state)[0]: outcome or None for state, outcome, *_ in rows("1.3", "state")}
    assert told == {state.value: OUTCOMES.get(state) for state in State if state is not State.STARTING}


def test_every_reason_stands_beside_its_state() -> None:
    told = {WORD.findall(row[0])[0]: words(row[3]) for row in rows("1.3", "state")}
    assert told["rejected"] == set(REJECTED)
    assert told["failed"] == set(FAILED)
    assert told["errored"] == set(ERRORED)
    assert set().union(*told.values()) == REASONS


def test_a_status_event_has_the_attributes_that_are_promised() -> None:
    event = status_event(a_release(state=State.SUCCEEDED), a_context(), sequence=1)
    promised = set().union(*(words(row[0]) for row in rows("1.3", "attribute")))
    assert promised == set(status_event_message(event).attributes)


def test_every_exit_code_is_told_with_the_states_that_end_in_it() -> None:
    told = {int(code): words(states) for code, _, states in rows("1.5", "exit code")}
    ends = {code.value: {state.value for state, end in EXIT_CODES.items() if end is code} for code in ExitCode}
    assert told == ends


def test_the_log_events_that_metrics_count_are_promised() -> None:
    counted = set()
    for line in (ROOT / "terraform" / "metrics.tf").read_text().splitlines():
        _, _, filtered = line.partition("jsonPayload.event=")
        alternatives = filtered[: filtered.find(")")] if filtered.startswith("(") else filtered.split(" ")[0]
        counted |= set(re.findall(r'\\"(\w+)\\"', alternatives))
    promised = set().union(*(words(row[0]) for row in rows("1.7", "`event`")))
    assert counted
    assert counted == promised
