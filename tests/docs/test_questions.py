"""Each question of docs/questions.md leads to the one file that answers it, by the name that stands there."""

import ast
import re
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

PAGE = ROOT / "docs" / "questions.md"
ROW = re.compile(r"^\| (?P<question>.+?) \| \[[^]]+\]\((?P<file>[^)]+)\) \| `(?P<name>\w+)` \|$", re.MULTILINE)
ROWS = [(one["question"], one["file"], one["name"]) for one in ROW.finditer(PAGE.read_text())]


def defined(file: Path) -> set[str]:
    """Return the names that the module itself defines."""
    found: set[str] = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return found


def test_there_are_twenty_questions_and_no_row_that_is_not_read() -> None:
    assert len(ROWS) == 20
    assert len(ROWS) == sum(line.startswith("| ") for line in PAGE.read_text().splitlines()) - 1


@pytest.mark.parametrize(("question", "file", "name"), ROWS)
def test_the_file_that_answers_defines_the_name(question: str, file: str, name: str) -> None:
    assert name in defined((PAGE.parent / file).resolve()), question
