"""Colours and tables on a terminal, plain text elsewhere; completion; help with examples; how soon an end shows."""

import os
import pty
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.bootstrap import open_ledger
from interlock.domain.releases.model import State
from interlock.ledger.interface import Commit
from interlock.services.release_transaction import release_key
from interlock_cli.actions.wait import WaitTarget, wait_until_closed
from interlock_cli.commands.releases import list as releases_list
from tests.build import a_release
from tests.cli.cases import Case
from tests.cli.sandbox import COMMAND, Sandbox, run_here
from tests.docs.generate import command_paths, find, help_text

PAINT = re.compile(r"\x1b\[(?:\d+;)*(3[0-7]|9[0-7])m")
LEAVES = [path for path in command_paths() if not getattr(find(path)[0], "commands", None)]


def on_terminal(sandbox: Sandbox, *words: str, **environment: str) -> str:
    """Run the command on a terminal; return all it printed."""
    ours, its = pty.openpty()
    variables = {**sandbox.environment(), "TERM": "xterm-256color", "COLUMNS": "160", **environment}
    with subprocess.Popen([*COMMAND, *words], cwd=sandbox.folder, env=variables, stdout=its, stderr=its, stdin=its):
        os.close(its)
        seen = b""
        while chunk := _read(ours):
            seen += chunk
    os.close(ours)
    return seen.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end is closed
        return b""


def test_a_terminal_gets_a_table_with_colours(sandbox: Sandbox) -> None:
    seen = on_terminal(sandbox, "releases", "list")
    assert PAINT.search(seen)
    assert "succeeded" in seen


def test_no_color_takes_the_colours_away(sandbox: Sandbox) -> None:
    seen = on_terminal(sandbox, "releases", "list", NO_COLOR="1")
    assert not PAINT.search(seen)
    assert "succeeded" in seen


def test_a_terminal_watches_a_table(sandbox: Sandbox) -> None:
    seen = on_terminal(sandbox, "watch", "--timeout", "0.1s")
    assert PAINT.search(seen)
    assert "shop-1" in seen


def test_a_pipe_gets_plain_text_however_colourful_the_terminal(sandbox: Sandbox) -> None:
    for line in ("releases list", "lanes list", "doctor", "watch --timeout 0.1s"):
        assert "\x1b" not in run_here(sandbox, Case("", line), TERM="xterm-256color").out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_completes_commands_and_flags(shell: str, sandbox: Sandbox) -> None:
    typed = {"_TYPER_COMPLETE_ARGS": "interlock releases list --la", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    bash = {"COMP_WORDS": "interlock releases list --la", "COMP_CWORD": "3"}
    ended = subprocess.run(
        COMMAND,
        env={**sandbox.environment(), "_INTERLOCK_COMPLETE": f"complete_{shell}", **typed, **bash},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "--lane" in ended.stdout, ended.stderr


@pytest.mark.parametrize("path", LEAVES)
def test_the_help_of_every_command_has_an_example_of_it(path: str) -> None:
    words = " ".join(help_text(path).split())
    assert re.search(rf"Examples?: .*{path.rsplit(maxsplit=1)[-1]}", words.replace("- ", "-"))


@pytest.mark.parametrize("path", ["interlock", *LEAVES])
def test_flags_for_where_and_how_have_a_twin_in_the_environment(path: str) -> None:
    command, context = find(path)
    shared = {"--ledger", "--topic", "--endpoint", "--routes", "--json", "--timeout", "--by", "--state"}
    for one in command.get_params(context):
        if set(one.opts) & (shared | {"--local", "--project", "--instance", "--database", "--debug"}):
            is_own = path in {"interlock releases list", "interlock local demo"} and "--state" in one.opts
            assert is_own or str(one.envvar).startswith(("INTERLOCK_", "PUBSUB_EMULATOR_HOST")), one.opts


def test_an_end_is_printed_within_two_seconds(tmp_path: Path) -> None:
    ledger = open_ledger(f"sqlite://{tmp_path}/ledger.db")
    closed_at: list[float] = []

    def close() -> None:
        closed = a_release(state=State.SUCCEEDED)
        ledger.transact((), lambda _: Commit({release_key("web-1"): closed}, None))
        closed_at.append(time.monotonic())

    ledger.transact((), lambda _: Commit({release_key("web-1"): a_release(state=State.STARTED)}, None))
    threading.Timer(1.1, close).start()
    found = wait_until_closed(ledger, WaitTarget(release_id="web-1"), timeout=None)
    assert found
    assert found.is_closed
    assert time.monotonic() - closed_at[0] < 2


def test_a_search_for_what_is_rare_ends_at_its_bound(sandbox: Sandbox) -> None:
    ledger = open_ledger(sandbox.ledger)
    most = releases_list.MOST_READ
    for start in range(0, most, 1000):
        writes = {release_key(one.release_id): one for one in map(_numbered, range(start, start + 1000))}
        ledger.transact((), lambda _, writes=writes: Commit(writes, None))  # type: ignore[misc]
    ended = run_here(sandbox, Case("", "releases list --state started --env nowhere"))
    assert (ended.code, ended.err) == (0, f"only the {most} releases that changed last were looked at\n")


def _numbered(number: int) -> Any:
    return a_release(f"many-{number}")


@pytest.mark.parametrize(
    "line", ["releases show", "releases list --nonsense", "wait web-1 --ledger x", "publish none.json"]
)
def test_an_error_is_two_lines_and_no_traceback(line: str, sandbox: Sandbox) -> None:
    err = run_here(sandbox, Case("", line)).err.splitlines()
    assert [one.split(":")[0] for one in err] == ["error", "hint"]


@given(st.text(max_size=40))
def test_no_word_in_the_place_of_an_id_makes_a_traceback(word: str) -> None:
    from interlock_cli.main import run

    code = run(["wait", "--timeout", "0.01s", "--ledger", "nonsense", "--", word])
    assert code == 64


def test_the_command_needs_no_terminal_to_start() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "interlock_cli", "--help"], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    assert (done.returncode, b"\x1b" in done.stdout) == (0, False)
