"""The payload files and the page that lists them."""

import re

import pytest

from interlock.cloud_events import parse_delivery
from interlock.domain.executions.completion import read_completion
from interlock.domain.releases.events import ExecutionEnded
from interlock.domain.requests.delivery import Unreadable, log_entry
from tests.events.load import FOLDER, event, names
from tests.messages import dead_letter_in, delivered

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
    assert name.startswith(f"dead-letter-{dead_letter_in(delivered(name)).origin}")
