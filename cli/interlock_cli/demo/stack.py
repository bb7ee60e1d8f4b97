"""The demo's own stack with its artifact and routes; it is started and stopped by the command, as users do it."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

from interlock_cli.demo.releases import SCRIPTS, with_missing_job
from interlock_cli.errors import CommandError

_EXECUTABLE = 0o755 << 16


def make_artifact(path: Path) -> Path:
    """Write the zip that the releases deploy; return it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, script in SCRIPTS.items():
            member = zipfile.ZipInfo(name)
            member.external_attr = _EXECUTABLE
            archive.writestr(member, script)
    return path


def make_routes(path: Path) -> Path:
    """Write the local routes with one before them whose job does not exist; return the file."""
    from interlock_local.stack.plan import DEFAULT_ROUTES

    path.write_text(json.dumps(with_missing_job(json.loads(DEFAULT_ROUTES.read_text())), indent=2))
    return path


def start(state: Path, routes: Path) -> Mapping[str, str]:
    """Start the stack detached on free ports; return the variables that lead to it."""
    _interlock("local", "up", "--detach", "--state", str(state), "--routes", str(routes), "--port-base", "0")
    document: dict[str, str] = json.loads(_interlock("local", "env", "--state", str(state), "--json"))
    return document


def stop(state: Path) -> None:
    """Stop the stack, if it runs."""
    _interlock("local", "down", "--state", str(state))


def _interlock(*arguments: str) -> str:
    """Run the command as its users do; return its output, or raise with the end of its standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "interlock_cli", *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise CommandError(f"interlock {' '.join(arguments)}: {done.stderr.strip()[-500:]}", "see the lines above")
    return done.stdout


def read_lines(path: Path) -> list[str]:
    """Return the file's lines, or none if there is no file."""
    return path.read_text().splitlines() if path.exists() else []


def read_alerts(log: Path) -> list[str]:
    """Return the releases that alert_dead_letter wrote an alert for."""
    entries = [json.loads(line) for line in read_lines(log) if line.startswith("{")]
    return [entry.get("release_id") for entry in entries if entry.get("event") == "dead_letter"]
