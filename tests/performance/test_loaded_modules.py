"""What a function loads until its first answer is a frozen list: a new package costs every cold start."""

import json

import pytest

from bench.events import MAKERS, completion
from bench.processes import environment, google, loaded_modules
from interlock.config import SETTINGS
from tests.performance.modules import FROZEN, packages

SLACK = 25
"""Modules more than frozen, for another patch release of Python or of a library."""


@pytest.mark.parametrize("function", list(SETTINGS))
def test_a_function_loads_no_package_that_is_not_on_the_list(
    function: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    frozen = json.loads(FROZEN.read_text())[function]
    event = MAKERS[function]() if function in MAKERS else completion("nobody")
    with google() as side:
        modules = loaded_modules(function, environment(side, tmp_path_factory.mktemp("function")), event)
    assert set(packages(modules)) <= set(frozen["packages"])
    assert len(modules) <= frozen["modules"] + SLACK
