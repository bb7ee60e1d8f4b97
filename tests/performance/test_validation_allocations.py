"""Holding a message against the contract allocates little and keeps nothing."""

import json
import subprocess
import sys

import pytest

MOST_PEAK, MOST_KEPT, MOST_OF_A_FLOOD = 32 * 1024, 8 * 1024, 2 * 1024 * 1024


@pytest.fixture(scope="module")
def allocated() -> dict[str, int]:
    command = [sys.executable, "-m", "tests.performance.allocations"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    found: dict[str, int] = json.loads(done.stdout)
    return found


def test_a_valid_message_of_a_kilobyte_takes_at_most_32_kilobytes_at_its_peak(allocated: dict[str, int]) -> None:
    assert 0 < allocated["peak_of_one"] <= MOST_PEAK


def test_a_report_of_twenty_thousand_broken_rules_keeps_only_those_it_lists(allocated: dict[str, int]) -> None:
    assert allocated["peak_of_a_flood"] <= MOST_OF_A_FLOOD


def test_a_thousand_messages_more_leave_nothing_behind(allocated: dict[str, int]) -> None:
    assert allocated["kept_of_a_thousand"] <= MOST_KEPT
