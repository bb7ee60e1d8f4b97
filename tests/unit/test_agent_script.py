"""What is executed for a script, by its mode, first line and name."""

from pathlib import Path

import pytest

from interlock_agent.exit_codes import Refused, container_code
from interlock_agent.results import read_outputs
from interlock_agent.script import command_line, find_inside, script_environment


def _script(directory: Path, name: str, text: str = "", *, mode: int = 0o644) -> Path:
    path = directory / name
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("name", "text", "mode", "expected"),
    [
        ("deploy", "#!/bin/bash -eu\n", 0o755, []),
        ("deploy", "#!/bin/bash -eu\n", 0o644, ["/bin/bash", "-eu"]),
        ("deploy.sh", "#!/usr/bin/env -S python3 -I\r\n", 0o644, ["/usr/bin/env", "-S python3 -I"]),
        ("deploy.sh", "echo\n", 0o644, ["bash"]),
        ("deploy.sh", "echo\n", 0o755, ["bash"]),
        ("deploy.py", "pass\n", 0o644, ["python3"]),
        ("deploy", "\x7fELF", 0o755, []),
    ],
)
def test_what_runs_a_script(tmp_path: Path, name: str, text: str, mode: int, expected: list[str]) -> None:
    path = _script(tmp_path, name, text, mode=mode)
    assert command_line(path, ["a b"]) == [*expected, str(path), "a b"]


def test_a_file_that_nothing_says_how_to_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="not executable"):
        command_line(_script(tmp_path, "deploy.txt"), [])


def test_a_script_reached_through_a_link_out_of_the_artifact_is_refused(tmp_path: Path) -> None:
    inside = tmp_path / "artifact"
    inside.mkdir()
    (inside / "deploy.sh").symlink_to(_script(tmp_path, "outside.sh"))
    with pytest.raises(Refused):
        find_inside(inside, "deploy.sh")


def test_the_container_lends_the_script_four_variables_and_no_more() -> None:
    container = {"PATH": "/bin", "HOME": "/h", "LD_PRELOAD": "x", "PYTHONPATH": "x", "INTERLOCK_FENCE": "1"}
    assert script_environment(container, {"TARGET_ENV": "dev"}) == {"PATH": "/bin", "HOME": "/h", "TARGET_ENV": "dev"}


def test_a_death_by_signal_has_the_code_a_shell_gives() -> None:
    assert [container_code(code) for code in (0, 3, -9, -15)] == [0, 3, 137, 143]


def test_outputs_are_lines_of_key_and_value_in_bounds(tmp_path: Path) -> None:
    path = _script(tmp_path, "outputs", "url=https://x/?a=b\nnot an output\n9=x\nlong=" + "y" * 5000 + "\nurl=last\n")
    assert read_outputs(path) == {"url": "last", "long": "y" * 1000}


def test_an_output_of_several_lines_ends_at_its_own_word(tmp_path: Path) -> None:
    path = _script(tmp_path, "outputs", "notes<<END\na=1\n\nb\nEND\nurl=x\nopen<<NEVER\nlast")
    assert read_outputs(path) == {"notes": "a=1\n\nb", "url": "x", "open": "last"}


def test_outputs_that_are_gone_are_none(tmp_path: Path) -> None:
    assert read_outputs(tmp_path / "missing") == {}
