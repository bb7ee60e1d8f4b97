"""What the script's output means: the severity of its lines, and the outputs that it declares."""

from pathlib import Path

import pytest

from interlock_agent.script.output_streams import read_severity
from interlock_agent.script.release_outputs import read_outputs


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("::error::no such region", ("ERROR", "no such region")),
        ("::warning file=a.tf,line=3::old", ("WARNING", "old")),
        ("::notice::done", ("NOTICE", "done")),
        ("ERROR: broken", ("ERROR", "ERROR: broken")),
        ("[warn] careful", ("WARNING", "[warn] careful")),
        ("errors: 0", ("INFO", "errors: 0")),
        ("plain", ("INFO", "plain")),
    ],
)
def test_a_line_has_the_severity_of_its_marker_or_prefix(line: str, expected: tuple[str, str]) -> None:
    assert read_severity(line, "INFO") == expected


def test_outputs_are_lines_of_key_and_value_in_bounds(tmp_path: Path) -> None:
    path = tmp_path / "outputs"
    path.write_text("url=https://x/?a=b\nnot an output\n9=x\nlong=" + "y" * 5000 + "\nurl=last\n")
    assert read_outputs(path) == {"url": "last", "long": "y" * 1000}


def test_an_output_of_several_lines_ends_at_its_own_mark(tmp_path: Path) -> None:
    path = tmp_path / "outputs"
    path.write_text("notes<<END\na=1\n\nb\nEND\nurl=x\nopen<<NEVER\nlast")
    assert read_outputs(path) == {"notes": "a=1\n\nb", "url": "x", "open": "last"}


def test_outputs_that_are_gone_are_none(tmp_path: Path) -> None:
    assert read_outputs(tmp_path / "missing") == {}
