"""The smallest soak worth the name, with all its troubles."""

from pathlib import Path

import pytest

from tests.soak.soak import soak
from tests.soak.workload import Workload


@pytest.mark.slow
def test_a_small_soak_ends_clean_although_a_function_is_killed_and_news_get_lost(tmp_path: Path) -> None:
    soaked = soak(Workload(releases=60, lanes=6), tmp_path, within=120)

    assert soaked.is_proof, soaked
    assert soaked.figures["functions killed"] == "dispatch_release 1"
    assert soaked.figures["duplicates"] == "3"
    assert soaked.figures["completions lost"].startswith("1, in ")
