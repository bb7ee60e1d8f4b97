"""The code keeps to its sizes, and nothing in it depends on the machine it was written on."""

import ast
import re
from pathlib import Path
from statistics import median

import pytest

from tests.docs.pages import ROOT, tracked

MODULES = tracked("functions/*.py", "agent/*.py", "cli/*.py", "local/*.py")
LONGEST_FUNCTION, MEDIAN_FUNCTION, LONGEST_MODULE = 40, 8, 300
SELF = Path(__file__)
ELSEWHERE = re.compile(r"(?<![\w}])/(?:work|root)\b|/tmp/[a-z]|\.\./shared|host\.docker\.internal")
MAY_NAME = {".ci/run": {"../shared"}}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(path: Path) -> list[Function]:
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, Function)]


def length(function: Function) -> int:
    """Lines from the def to its end, without its docstring."""
    first = function.body[0]
    has_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    docstring = (first.end_lineno or 0) - first.lineno + 1 if has_docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_function_and_no_module_is_too_long(path: Path) -> None:
    assert [one.name for one in functions(path) if length(one) > LONGEST_FUNCTION] == []
    assert len(path.read_text().splitlines()) <= LONGEST_MODULE


@pytest.mark.parametrize("package", ["functions", "agent", "cli", "local"])
def test_the_usual_function_is_short(package: str) -> None:
    lengths = [length(one) for path in tracked(f"{package}/*.py") for one in functions(path)]
    assert median(lengths) <= MEDIAN_FUNCTION


def test_every_init_is_empty() -> None:
    assert [path for path in tracked("*__init__.py") if path.read_text()] == []


def test_nothing_names_a_place_outside_of_the_project() -> None:
    found = {
        (name, match)
        for path in tracked()
        if path != SELF and (name := path.relative_to(ROOT).as_posix()) != "uv.lock"
        for match in ELSEWHERE.findall(path.read_bytes().decode(errors="replace"))
        if match not in MAY_NAME.get(name, set())
    }
    assert found == set()
