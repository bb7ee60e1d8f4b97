"""The command's edge: exit codes, errors on two lines, and a quick start."""

import subprocess
import sys

import pytest

from interlock_cli.errors import CommandError, ExitCode, as_command_error
from interlock_cli.main import run

HEAVY = {"google.api_core", "google.protobuf", "grpc", "flask", "urllib3", "rich", "jsonschema"}
"""First names of all clients; `google` alone is an empty namespace that every start of Python makes."""


def loaded_by(*arguments: str) -> set[str]:
    code = f"import sys; from interlock_cli.main import run; run({list(arguments)!r})"
    code += "; print(*sys.modules, file=sys.stderr)"
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(ended.stderr.split())


@pytest.mark.parametrize("arguments", [["--help"], ["local", "up", "--help"], ["local", "env", "--state", "/nowhere"]])
def test_an_offline_command_loads_no_client(arguments: list[str]) -> None:
    assert not loaded_by(*arguments) & HEAVY


@pytest.mark.parametrize(
    "arguments", [[], ["nonsense"], ["local"], ["local", "up", "--nonsense"], ["local", "up", "--port-base", "x"]]
)
def test_a_usage_error_ends_with_64_and_prints_nothing_as_result(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 64
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Usage:" in printed.err or printed.err.startswith("error: ")


def test_a_wrong_option_names_the_help_page(capsys: pytest.CaptureFixture[str]) -> None:
    run(["local", "up", "--nonsense"])
    assert capsys.readouterr().err == ("error: No such option: --nonsense\nhint:  run interlock local up --help\n")


def test_help_succeeds(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    assert "Commands:" in capsys.readouterr().out


def test_an_unexpected_error_is_one_line_and_a_failure() -> None:
    error = as_command_error(KeyError("first line\nsecond line"))
    assert error.code is ExitCode.FAILURE
    assert "\n" not in error.what


def test_a_command_error_keeps_its_code() -> None:
    error = CommandError("what", "remedy", code=ExitCode.STOPPED)
    assert as_command_error(error) is error
