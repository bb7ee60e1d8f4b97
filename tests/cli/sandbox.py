"""Runs one command as its users do: a process of its own, against a ledger, in a folder with request files."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

from interlock_cli.main import run
from interlock_local.stack import names
from tests.cli.cases import Case
from tests.cli.seed import FILES

COMMAND = (sys.executable, "-c", "from interlock_cli.main import main; main()")
FOREIGN = re.compile(r"INTERLOCK_|.*EMULATOR_HOST|GOOGLE_|CLOUDSDK_|NO_COLOR|FORCE_COLOR|COLUMNS|TERM\Z")
CHANGING = (
    (re.compile(r"\b\d[\dhmsd.]* ago"), "AGE ago"),
    (re.compile(r'("message_id": ")\d+'), r"\1MESSAGE"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
)


@dataclass(frozen=True)
class CommandResult:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Sandbox:
    """Where commands run: a folder, a ledger's URL, a Pub/Sub's address for those that publish, a folder of logs."""

    folder: Path
    ledger: str
    pubsub: str = "127.0.0.1:1"
    logs: Path = Path("logs")
    extra_environment: Mapping[str, str] = field(default_factory=dict)

    def prepare(self) -> "Sandbox":
        """Put the request files into the folder."""
        shutil.copytree(FILES, self.folder, dirs_exist_ok=True)
        return self

    def run(self, case: Case, *flags: str, **environment: str) -> CommandResult:
        """Run the case's command with further flags; return its output without what differs from run to run."""
        done = subprocess.run(
            [*COMMAND, *shlex.split(case.line), *flags],
            cwd=self.folder,
            env={**self.environment(), **environment},
            input=case.stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return CommandResult(done.returncode, self.normalised(done.stdout), self.normalised(done.stderr))

    def environment(self) -> dict[str, str]:
        """Return a clean environment that leads here."""
        clean = {name: value for name, value in os.environ.items() if not FOREIGN.match(name)}
        return {
            **clean,
            **self.extra_environment,
            "COLUMNS": "100",
            "GOOGLE_APPLICATION_CREDENTIALS": "/nowhere.json",
            "INTERLOCK_LEDGER": self.ledger,
            "INTERLOCK_ROUTES": "routes.json",
            "INTERLOCK_REQUESTS_TOPIC": names.REQUESTS,
            "INTERLOCK_STATUS_TOPIC": names.STATUS,
            "INTERLOCK_DEAD_LETTERS_TOPIC": names.DEAD_LETTERS,
            "INTERLOCK_RUNBOOKS": "https://runbooks.example",
            "PUBSUB_EMULATOR_HOST": self.pubsub,
        }

    def normalised(self, text: str) -> str:
        """Return the text without folders, ages and ids of this run."""
        for pattern, word in CHANGING:
            text = pattern.sub(word, text)
        text = text.replace(self.ledger, "LEDGER").replace(str(self.logs), "LOGS")
        return text.replace(str(self.folder), "FOLDER")


def as_golden(case: Case, ended: CommandResult) -> str:
    """Return the case as its golden file holds it."""
    parts = [f"$ interlock {case.line}" + (f" <<< {shlex.quote(case.stdin)}" if case.stdin else ""), ended.out]
    if ended.err:
        parts += ["--- standard error", ended.err]
    return "\n".join(part.rstrip("\n") for part in parts if part) + f"\n--- exit code {ended.code}\n"


@contextmanager
def inside(sandbox: Sandbox, stdin: str, **environment: str) -> Iterator[None]:
    """Give this process the sandbox's folder and environment, and this standard input."""
    before = dict(os.environ), Path.cwd(), sys.stdin
    try:
        os.environ.clear()
        os.environ.update({**sandbox.environment(), **environment})
        os.chdir(sandbox.folder)
        sys.stdin = TextIOWrapper(BytesIO(stdin.encode()))
        yield
    finally:
        os.environ.clear()
        os.environ.update(before[0])
        os.chdir(before[1])
        sys.stdin = before[2]


def run_here(sandbox: Sandbox, case: Case, *flags: str, **environment: str) -> CommandResult:
    """Run the case's command in this process, which is quicker; return the same."""
    out, err = StringIO(), StringIO()
    with inside(sandbox, case.stdin, **environment), redirect_stdout(out), redirect_stderr(err):
        code = run([*shlex.split(case.line), *flags])
    return CommandResult(code, sandbox.normalised(out.getvalue()), sandbox.normalised(err.getvalue()))
