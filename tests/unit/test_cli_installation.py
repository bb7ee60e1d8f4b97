"""The flags before the command, and completion."""

import os
import subprocess
import sys
from collections.abc import Mapping

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("INTERLOCK_")}
SHOW = (
    "import os; from cli import main; main.app.command('env')(lambda: print(*sorted(f'{k}={v}' for k, v in "
    "os.environ.items() if k.startswith('INTERLOCK_L') or 'EMULATOR' in k))); main.main()"
)


def environment_after(*arguments: str, **environment: str) -> list[str]:
    told = subprocess.run(
        [sys.executable, "-c", SHOW, *arguments, "env"],
        env={**CLEAN, **environment},
        check=True,
        capture_output=True,
        text=True,
    )
    return told.stdout.split()


def complete(words: str, shell: str = "bash", **more: str) -> Mapping[str, str]:
    return {**CLEAN, "_INTERLOCK_COMPLETE": f"complete_{shell}", "COMP_WORDS": words, "COMP_CWORD": "1", **more}


def test_a_project_leads_to_its_ledger_and_away_from_emulators() -> None:
    local = {"INTERLOCK_LEDGER": "sqlite:///x", "PUBSUB_EMULATOR_HOST": "127.0.0.1:1"}
    assert environment_after("--project", "acme", **local) == ["INTERLOCK_LEDGER=firestore://acme/interlock"]


def test_a_project_in_the_environment_fills_in_what_is_open() -> None:
    assert environment_after(INTERLOCK_PROJECT="acme", INTERLOCK_LEDGER="sqlite:///x") == [
        "INTERLOCK_LEDGER=sqlite:///x"
    ]


def test_the_shell_completes_commands() -> None:
    command = [sys.executable, "-c", "from cli.main import main; main()"]
    done = subprocess.run(command, env=complete("interlock dead"), check=False, capture_output=True, text=True)
    assert done.stdout.split() == ["dead-letters"]


def test_debug_shows_where_an_error_was_raised() -> None:
    command = [sys.executable, "-m", "cli", "--debug", "wait", "x", "--ledger", "nonsense"]
    done = subprocess.run(command, env=CLEAN, check=False, capture_output=True, text=True)
    assert "Traceback" in done.stderr
    done = subprocess.run([*command[:3], *command[4:]], env=CLEAN, check=False, capture_output=True, text=True)
    assert "Traceback" not in done.stderr
