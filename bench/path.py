"""`python -m bench.path`: how often one message changes from one file to another on its way through the functions.

Named functions of `functions/interlock` are counted. What speaks to Google is left out, for the client libraries lead
there; so are comprehensions, which newer Pythons write into the function around them.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

from flask.testing import FlaskClient
from functions_framework import create_app

from bench.events import Request, a_release, completion, push
from bench.processes import FUNCTIONS, environment, google

INTERLOCK = f"{FUNCTIONS.parent}/interlock/"
GOOGLE = f"{INTERLOCK}google/"
PUSH, COMPLETION = "push → `started` event", "completion → closing event"
BEFORE = {PUSH: (102, 42), COMPLETION: (85, 35)}
"""The switches and returns of the functions before their rooms were built: at most half of each is wanted."""


@dataclass(slots=True)
class Walk:
    """The calls of one message, by the file that each enters."""

    entered: list[str] = field(default_factory=list)
    open_files: list[str] = field(default_factory=list)
    switches: int = 0
    returns: int = 0

    def call(self, file: str) -> None:
        """Count a call; one that goes to a file already left for good is a return to it."""
        if self.entered and self.entered[-1] != file:
            self.switches += 1
            self.returns += file in self.entered and file not in self.open_files
        self.entered.append(file)
        self.open_files.append(file)

    def leave(self) -> None:
        """Note that the innermost call is over."""
        self.open_files.pop()

    def profile(self, frame: FrameType, event: str, _arg: object) -> None:
        """Take an event of `sys.setprofile`."""
        file, name = frame.f_code.co_filename, frame.f_code.co_name
        if not file.startswith(INTERLOCK) or file.startswith(GOOGLE) or name.startswith("<"):
            return
        if event == "call":
            self.call(file.removeprefix(INTERLOCK))
        elif event == "return":
            self.leave()


def walk(client: FlaskClient, request: Request) -> Walk:
    """Return the way of the request through the function."""
    headers, body = request
    found = Walk()
    sys.setprofile(found.profile)
    try:
        answer = client.post("/", headers={"Content-Type": "application/json", **headers}, data=body)
    finally:
        sys.setprofile(None)
    if answer.status_code >= 300:
        raise RuntimeError(f"answered {answer.status_code}")
    return found


def walks() -> Mapping[str, Walk]:
    """Take a release through dispatch and report, twice: what only the first event loads is no part of the way."""
    with google() as side, TemporaryDirectory() as folder:
        settings = environment(side, Path(folder), f"sqlite://{folder}/ledger.db")
        os.environ.update({**settings, "INTERLOCK_RESULTS": ""})
        dispatch, report = (
            create_app(name, str(FUNCTIONS), "http").test_client() for name in ("dispatch_release", "report_status")
        )
        for _ in range(2):
            release = a_release()
            found = {PUSH: walk(dispatch, push(release)), COMPLETION: walk(report, completion(release["release_id"]))}
    return found


def rows(found: Mapping[str, Walk]) -> Iterator[str]:
    """Yield the table of the ways."""
    yield "| way | files | calls | switches | wanted | returns | wanted |"
    yield "|---|---|---|---|---|---|---|"
    for name, one in found.items():
        switches, returns = (f"≤ {number // 2}" for number in BEFORE[name])
        files, calls = len(set(one.entered)), len(one.entered)
        yield f"| {name} | {files} | {calls} | {one.switches} | {switches} | {one.returns} | {returns} |"


if __name__ == "__main__":
    print("\n".join(rows(walks())), file=sys.stderr)  # a function's log goes to the other
