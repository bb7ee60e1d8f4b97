"""The terminal session in the README: real commands on a real local stack, recorded by `python -m tests.docs.session`.

What differs from run to run, as times, ids and folders, is replaced by what stands for it.
"""

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from interlock_local.stack.control import start, stop
from interlock_local.stack.plan import StackPlan
from interlock_local.stack.ports import free_ports
from tests.docs.pages import ROOT

README = ROOT / "README.md"
BEGIN, END = "<!-- session: recorded by tests/docs/session.py -->", "<!-- end of session -->"
SESSION = (
    "interlock validate release.json",
    "interlock publish release.json --wait --timeout 2m",
    "interlock publish release.json --set release_id=my-app-1.2.5 --set deployment_script=broken.sh --wait",
    "echo $?",
    "interlock publish release.json --set release_id=my-app-1.2.6 --set target_env=moon --wait > /dev/null",
    "interlock dead-letters list --group",
    "interlock releases list",
)
BROKEN = "echo applying 3 changes; sleep 1.5; echo no space left >&2; exit 7"
SCRIPTS = {"deploy.sh": "echo deploying; sleep 1.5", "broken.sh": BROKEN}
REQUEST: Mapping[str, str] = {
    "release_id": "my-app-1.2.4",
    "release_version": "1.2.4",
    "target_env": "staging",
    "deployment_script": "deploy.sh",
}
JOB = "projects/interlock-local/locations/local/jobs/release-agent"
CHANGING = (
    # whether the waiting begins before or after Interlock has taken the message is a race
    (re.compile(r"(?m)^(?:waiting for Interlock to take the message|queued in lane .*)\n"), ""),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"), "2026-03-01 12:00:00"),
    (re.compile(r"\d\d:\d\d:\d\d"), "12:00:00"),
    (re.compile(r"for \d[\d.hms]*s\b"), "for 2.0s"),
    (re.compile(r"\b\d[\d.hms]* ago"), "5.0s ago"),
    (re.compile(r"release-agent-[a-z0-9]{5}"), "release-agent-x7k2p"),
    (re.compile(r"\b[0-9a-f]{64}"), "f39500462ec8f141a49a7467df7daea63ab22a460adea5a73a4fa6667b546656"),
    (re.compile(r"file://\S*?/(logs|state|web)(?=/|\b)"), r"file:///…/\1"),
)


def steady(text: str, folder: str) -> str:
    """Return the text without what differs from run to run."""
    text = text.replace(folder, "/home/ann")
    for pattern, word in CHANGING:
        text = pattern.sub(word, text)
    return text


def record() -> str:
    """Run the session on a stack of its own; return what a terminal shows."""
    with TemporaryDirectory() as folder:
        plan = StackPlan(state=Path(folder) / "state", ports=free_ports(), routes=_prepare(Path(folder)))
        try:
            return "\n".join(_told(Path(folder), start(plan).environment))
        finally:
            stop(plan.state)


def _prepare(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "my-app-1.2.4.zip", "w") as archive:
        for name, text in SCRIPTS.items():
            archive.writestr(name, f"#!/bin/sh\n{text}\n")
    request = {**REQUEST, "artifact_path": (folder / "my-app-1.2.4.zip").as_uri()}
    (folder / "release.json").write_text(json.dumps(request, indent=2))
    routes = folder / "routes.json"
    staging = {"name": "staging", "match": {"target_env": "staging"}, "job": JOB, "allowed_sources": ["file://"]}
    routes.write_text(json.dumps({"routes": [staging]}))
    return routes


def _told(folder: Path, environment: Mapping[str, str]) -> Iterator[str]:
    (folder / "interlock").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m interlock_cli "$@"\n')
    (folder / "interlock").chmod(0o755)
    variables = {**os.environ, **environment, "PATH": f"{folder}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    code = 0
    for line in SESSION:
        yield f"$ {line}"
        done = subprocess.run(
            ["bash", "-c", f"(exit {code}); {line}"],
            cwd=folder,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )
        code = done.returncode
        yield steady(done.stdout, str(folder)).rstrip("\n")


def recorded() -> str:
    """Return the session as the README holds it."""
    return README.read_text().split(BEGIN)[1].split(END)[0].strip().removeprefix("```text\n").removesuffix("\n```")


def main() -> None:
    """Write the session into the README."""
    before, rest = README.read_text().split(BEGIN)
    after = rest.split(END)[1]
    README.write_text(f"{before}{BEGIN}\n```text\n{record()}\n```\n{END}{after}")


if __name__ == "__main__":
    main()
