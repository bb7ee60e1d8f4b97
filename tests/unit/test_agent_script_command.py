"""What is executed for a script, by its mode, first line and name."""

from pathlib import Path

import pytest

from interlock_agent.errors import Refused
from interlock_agent.exit_codes import container_code
from interlock_agent.script.command import command_line, find_in_artifact, script_environment


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
        find_in_artifact(inside, "deploy.sh")


def test_the_script_gets_four_variables_of_the_container_and_no_more() -> None:
    container = {"PATH": "/bin", "HOME": "/h", "LD_PRELOAD": "x", "PYTHONPATH": "x", "INTERLOCK_FENCE": "1"}
    assert script_environment(container, {"TARGET_ENV": "dev"}) == {"PATH": "/bin", "HOME": "/h", "TARGET_ENV": "dev"}


def test_a_death_by_signal_has_the_code_a_shell_gives() -> None:
    assert [container_code(code) for code in (0, 3, -9, -15)] == [0, 3, 137, 143]
