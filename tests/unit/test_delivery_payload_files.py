"""The payload files and the page that lists them."""

import re
from datetime import UTC, datetime

import pytest

from interlock.domain.dead_letters.dead_letter import read_dead_letter
from interlock.domain.executions.completion import read_completion
from interlock.domain.releases.events import ExecutionEnded
from interlock.domain.requests.delivery import PubSubDelivery, Unreadable, log_entry, parse_delivery
from tests.events.load import FOLDER, event, names

ROW = re.compile(r"^\| ([a-z0-9-]+)\.json \| (\w+) \| (.+) \|$", re.MULTILINE)
ROWS = {name: (function, shows) for name, function, shows in ROW.findall((FOLDER / "README.md").read_text())}


def test_the_page_lists_exactly_the_files_there_are() -> None:
    assert sorted(ROWS) == names()


def test_every_file_shows_something_of_its_own() -> None:
    assert len({shows for _, shows in ROWS.values()}) == len(ROWS)


@pytest.mark.parametrize("name", names())
def test_every_file_is_a_delivery(name: str) -> None:
    assert not isinstance(parse_delivery(*event(name)), Unreadable)


@pytest.mark.parametrize("name", [name for name, (function, _) in ROWS.items() if function == "report_status"])
def test_files_for_report_status_are_completions_or_ignored_as_their_names_say(name: str) -> None:
    delivery = parse_delivery(*event(name))
    assert not isinstance(delivery, Unreadable)
    entry = log_entry(delivery)
    assert not isinstance(entry, Unreadable)
    is_ours = name.startswith("completion-") and name != "completion-without-release"
    assert isinstance(read_completion(entry), ExecutionEnded) == is_ours


@pytest.mark.parametrize("name", [name for name, (function, _) in ROWS.items() if function == "alert_dead_letter"])
def test_files_for_alert_dead_letter_have_the_origin_their_names_say(name: str) -> None:
    delivery = parse_delivery(*event(name))
    assert isinstance(delivery, PubSubDelivery)
    letter = read_dead_letter(delivery.message, datetime(2026, 3, 4, tzinfo=UTC))
    assert name.startswith(f"dead-letter-{letter.origin}")
