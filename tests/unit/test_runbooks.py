"""Every reason an alert can give leads to a section of the runbook."""

import re
from pathlib import Path
from typing import get_args

import pytest

from interlock.adapters.cloud_run_jobs import _REFUSALS
from interlock.domain.body import Reason

PAGE = Path(__file__).parents[2] / "docs" / "runbooks" / "dead-letters.md"
OURS = [*get_args(Reason), "cloud_event", "schema", "no_route", "policy", "id_conflict", "unknown_release"]
REASONS = [*OURS, *_REFUSALS.values(), "start_exhausted", "delivery_exhausted", "unknown"]


@pytest.mark.parametrize("reason", REASONS)
def test_the_reason_has_its_section(reason: str) -> None:
    sections = {heading.replace(" ", "-") for heading in re.findall(r"^## (.+)$", PAGE.read_text(), re.MULTILINE)}
    assert reason.replace("_", "-") in sections
