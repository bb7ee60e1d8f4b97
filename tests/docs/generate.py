"""Writes the parts of the documentation that the code knows better: `python -m tests.docs.generate`."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from typer.main import get_command

from interlock.config import SETTINGS, Setting, settings_of
from interlock_cli.errors import ExitCode
from interlock_cli.main import app
from tests.docs import faults_page, json_page, lifecycle_page, runbooks_page

ROOT = Path(__file__).parents[2]
README, COMMANDS = ROOT / "README.md", ROOT / "docs" / "commands.md"
LIFECYCLE = ROOT / "docs" / "lifecycle.md"
JSON = ROOT / "docs" / "json.md"
RUNBOOKS = ROOT / "docs" / "runbooks" / "README.md"
BEGIN, END = "<!-- settings: generated from functions/interlock/config.py -->", "<!-- end of settings -->"
WIDTH = 100
INTRODUCTION = """# The command `interlock`

What `--help` says, command by command; `python -m tests.docs.generate` writes this page.
Results go to standard output, everything else to standard error, and the exit code says how it ended.
What `--json` prints is on [a page of its own](json.md).
"""


def readme() -> str:
    """Return the README with its settings table as the settings are now."""
    before, rest = README.read_text().split(BEGIN)
    _, after = rest.split(END)
    return "\n".join((f"{before}{BEGIN}", *settings_rows(), f"{END}{after}"))


def settings_rows() -> Iterator[str]:
    """Yield the table's lines: a setting each, in the order they are declared."""
    users: dict[Setting, list[str]] = {}
    for function, settings in SETTINGS.items():
        for setting in settings_of(settings).values():
            users.setdefault(setting, []).append(function)
    yield "| setting | default | what it is | read by |"
    yield "|---|---|---|---|"
    for setting, functions in users.items():
        yield f"| `{setting.name}` | {_default(setting)} | {setting.help} | {_readers(functions)} |"


def _default(setting: Setting) -> str:
    if setting.default is None:
        return "required"
    return f"`{setting.default}`" if setting.default else "empty"


def _readers(functions: list[str]) -> str:
    return "all" if len(functions) == len(SETTINGS) else ", ".join(functions)


def commands_page() -> str:
    """Return the page that holds --help of every command, and what its end means."""
    return "\n".join((INTRODUCTION, *exit_code_rows(), *map(_section, command_paths()))) + "\n"


def exit_code_rows() -> Iterator[str]:
    """Yield the table of exit codes."""
    yield "| exit code | meaning |"
    yield "|---|---|"
    for code in ExitCode:
        yield f"| {code.value} | {code.name.lower().replace('_', ' ')} |"


def _section(path: str) -> str:
    return f"\n## {path}\n\n```text\n{help_text(path)}\n```"


def command_paths() -> tuple[str, ...]:
    """Return every command and group: interlock, interlock validate, interlock local up …"""
    return tuple(_walk(get_command(app), "interlock"))


def _walk(command: Any, path: str) -> Iterator[str]:
    yield path
    for name, below in getattr(command, "commands", {}).items():
        yield from _walk(below, f"{path} {name}")


def find(path: str) -> tuple[Any, Any]:
    """Return the command of this path and the context it is parsed in."""
    command: Any = get_command(app)
    context = command.context_class(
        command, info_name="interlock", terminal_width=WIDTH, max_content_width=WIDTH, **command.context_settings
    )
    for name in path.split()[1:]:
        command = command.commands[name]
        context = command.context_class(command, info_name=name, parent=context)
    return command, context


def help_text(path: str) -> str:
    """Return what the command's --help prints on a terminal of fixed width."""
    command, context = find(path)
    lines = command.get_help(context).splitlines()
    return "\n".join(line.rstrip() for line in lines).strip()


PAGES: Mapping[Path, Callable[[], str]] = {
    README: readme,
    COMMANDS: commands_page,
    LIFECYCLE: lifecycle_page.page,
    faults_page.FAULTS: faults_page.page,
    JSON: json_page.page,
    RUNBOOKS: runbooks_page.page,
}


if __name__ == "__main__":
    for page, text in PAGES.items():
        page.write_text(text())
        print(os.path.relpath(page))
