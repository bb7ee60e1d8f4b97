"""The flags before the command, and completion."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("INTERLOCK_")}
SHOW = (
    "import os; from interlock_cli import main; main.app.command('env')(lambda: print(*sorted(f'{k}={v}' for k, v in "
    "os.environ.items() if k.startswith('INTERLOCK_L') or 'EMULATOR' in k))); main.main()"
)


def environment_after(*arguments: str, **environment: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", SHOW, *arguments, "env"],
        env={**CLEAN, **environment},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.split()


def complete(words: str, shell: str = "bash", **more: str) -> Mapping[str, str]:
    return {**CLEAN, "_INTERLOCK_COMPLETE": f"complete_{shell}", "COMP_WORDS": words, "COMP_CWORD": "1", **more}


def test_a_project_sets_its_ledger_and_unsets_emulators() -> None:
    local = {"INTERLOCK_LEDGER": "sqlite:///x", "PUBSUB_EMULATOR_HOST": "127.0.0.1:1"}
    assert environment_after("--project", "acme", **local) == ["INTERLOCK_LEDGER=firestore://acme/interlock"]


def test_a_project_in_the_environment_sets_only_what_is_not_set() -> None:
    assert environment_after(INTERLOCK_PROJECT="acme", INTERLOCK_LEDGER="sqlite:///x") == [
        "INTERLOCK_LEDGER=sqlite:///x"
    ]


INSTANCES = json.dumps(
    {
        "production": "acme-prod",
        "staging": {"INTERLOCK_LEDGER": "firestore://acme/other"},
        "bad": {"INTERLOCK_LEDGER": 7},
    }
)


def test_an_instance_is_a_project_or_variables_and_unsets_emulators(tmp_path: Path) -> None:
    file = tmp_path / "instances.json"
    file.write_text(INSTANCES)
    local = {"INTERLOCK_LEDGER": "sqlite:///x", "PUBSUB_EMULATOR_HOST": "127.0.0.1:1"}
    named = environment_after("--instance", "production", INTERLOCK_INSTANCES=str(file), **local)
    assert named == ["INTERLOCK_LEDGER=firestore://acme-prod/interlock"]
    described = environment_after("--instance", "staging", INTERLOCK_INSTANCES=INSTANCES, **local)
    assert described == ["INTERLOCK_LEDGER=firestore://acme/other"]


def test_the_file_of_instances_lies_in_the_home_directory(tmp_path: Path) -> None:
    (tmp_path / ".config").mkdir()
    (tmp_path / ".config" / "interlock.json").write_text(INSTANCES)
    assert environment_after("--instance", "production", HOME=str(tmp_path)) == [
        "INTERLOCK_LEDGER=firestore://acme-prod/interlock"
    ]


def test_an_instance_in_the_environment_sets_only_what_is_not_set_and_may_be_unknown(tmp_path: Path) -> None:
    twin = {"INTERLOCK_INSTANCES": INSTANCES, "INTERLOCK_INSTANCE": "production"}
    assert environment_after(**twin) == ["INTERLOCK_LEDGER=firestore://acme-prod/interlock"]
    assert environment_after(**twin, INTERLOCK_LEDGER="sqlite:///x") == ["INTERLOCK_LEDGER=sqlite:///x"]
    assert environment_after(INTERLOCK_INSTANCES=INSTANCES, INTERLOCK_INSTANCE="local") == []
    assert environment_after(INTERLOCK_INSTANCE="local", HOME=str(tmp_path)) == []


@pytest.mark.parametrize(
    ("arguments", "environment", "error"),
    [
        (["--instance", "nowhere"], {"INTERLOCK_INSTANCES": INSTANCES}, "known: bad, production, staging"),
        (["--instance", "bad"], {"INTERLOCK_INSTANCES": INSTANCES}, "neither a project's id nor"),
        (["--instance", "x"], {"INTERLOCK_INSTANCES": "{"}, "cannot be read"),
        (["--instance", "x"], {"INTERLOCK_INSTANCES": "/nowhere.json"}, "cannot be read"),
        (["--instance", "x", "--project", "y"], {}, "name different installations"),
    ],
)
def test_an_installation_that_cannot_be_found_is_a_wrong_use(
    arguments: list[str], environment: dict[str, str], error: str
) -> None:
    command = [sys.executable, "-m", "interlock_cli", *arguments, "lanes", "list"]
    done = subprocess.run(command, env={**CLEAN, **environment}, check=False, capture_output=True, text=True)
    assert (done.returncode, error in done.stderr) == (64, True), done.stderr


@pytest.mark.parametrize("local", [{"arguments": ["--local"]}, {"INTERLOCK_LOCAL": "1"}])
def test_a_local_stack_that_does_not_run_is_an_error_that_names_what_starts_it(
    local: dict[str, Any], tmp_path: Path
) -> None:
    arguments = local.pop("arguments", [])
    command = [sys.executable, "-m", "interlock_cli", *arguments, "lanes", "list"]
    environment = {**CLEAN, **local, "INTERLOCK_STATE": str(tmp_path)}
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert (done.returncode, "interlock local up --detach" in done.stderr) == (1, True), done.stderr


@pytest.mark.parametrize("words", [["local", "down"], ["validate", "--help"], ["lanes", "list", "--help"]])
def test_an_offline_command_needs_no_installation(words: list[str], tmp_path: Path) -> None:
    environment = {**CLEAN, "INTERLOCK_LOCAL": "1", "INTERLOCK_STATE": str(tmp_path)}
    command = [sys.executable, "-m", "interlock_cli", *words]
    assert subprocess.run(command, env=environment, check=False, capture_output=True).returncode == 0


def test_the_shell_completes_commands() -> None:
    command = [sys.executable, "-c", "from interlock_cli.main import main; main()"]
    done = subprocess.run(command, env=complete("interlock dead"), check=False, capture_output=True, text=True)
    assert done.stdout.split() == ["dead-letters"]


def test_debug_shows_where_an_error_was_raised() -> None:
    command = [sys.executable, "-m", "interlock_cli", "--debug", "wait", "x", "--ledger", "nonsense"]
    done = subprocess.run(command, env=CLEAN, check=False, capture_output=True, text=True)
    assert "Traceback" in done.stderr
    done = subprocess.run([*command[:3], *command[4:]], env=CLEAN, check=False, capture_output=True, text=True)
    assert "Traceback" not in done.stderr
