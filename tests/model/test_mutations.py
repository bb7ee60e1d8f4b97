"""The model's own proof: whichever guard of the machine is taken away, the model finds it.

Each mutant is a copy of the package with one guard changed, searched in a process of its own. A guard whose text has
moved fails here too: name its new text.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SEARCH = ("tests/model/test_lifecycle_model.py", "tests/model/test_starts_in_doubt.py")


@dataclass(frozen=True, slots=True)
class Guard:
    """One guard of the machine: where it stands, and what it says once it is taken away."""

    name: str
    file: str
    text: str
    without: str


GUARDS = (
    Guard(
        "a claim that stands is left to whoever holds it",
        "starting.py",
        "release.lease_until > now",
        "release.lease_until < now",
    ),
    Guard(
        "a lane holds no more than it can", "lane.py", "len(lane.holders) < capacity", "len(lane.holders) <= capacity"
    ),
    Guard(
        "the tries come to an end",
        "starting.py",
        "release.starts >= limits.max_starts",
        "release.starts >= 10_000",
    ),
    Guard(
        "an attempt that may turn up late is sealed first",
        "ending.py",
        "return event.owner is None and release.starts > 1 and event.state is not State.SUCCEEDED",
        "return False",
    ),
    Guard(
        "an end that comes twice closes once",
        "ending.py",
        'if release.is_closed:\n        return Transition(release, lane, (Ignored("already_closed"),))\n'
        "    if not _owns",
        "if not _owns",
    ),
    Guard(
        "a freed lane wakes the next",
        "moves.py",
        "return nudge(closed, freed, release.plan), freed",
        "return closed, freed",
    ),
    Guard(
        "sequence rises with all that is told",
        "moves.py",
        "sequence=release.sequence + 1, updated_at",
        "sequence=release.sequence, updated_at",
    ),
    Guard(
        "not_after is the last moment to start",
        "starting.py",
        "if release.not_after is not None and release.not_after <= now:",
        "if release.not_after is not None and now is None:",
    ),
)


def bundle(folder: Path) -> Path:
    """Return a copy of the package with its schemas beside it, as a deployed bundle has them."""
    shutil.copytree(
        ROOT / "functions" / "interlock", folder / "interlock", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copytree(ROOT / "schemas", folder / "schemas", ignore=shutil.ignore_patterns("examples"))
    return folder


def mutant(guard: Guard, folder: Path) -> Path:
    """Return a copy of the package without the guard."""
    file = bundle(folder) / "interlock" / "domain" / guard.file
    source = file.read_text()
    assert source.count(guard.text) == 1, f"{guard.file} holds it {source.count(guard.text)} times: {guard.text}"
    file.write_text(source.replace(guard.text, guard.without))
    return folder


def search(package: Path) -> subprocess.CompletedProcess[str]:
    """Let the model live on the package; what it finds is its exit code."""
    environment = {**os.environ, "PYTHONPATH": str(package), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-m", "not slow", "-p", "no:cacheprovider", *SEARCH]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.slow
def test_the_model_lives_on_the_package_it_is_given(tmp_path: Path) -> None:
    done = search(bundle(tmp_path))
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name.replace(" ", "-"))
def test_without_the_guard_the_model_finds_a_fault(guard: Guard, tmp_path: Path) -> None:
    done = search(mutant(guard, tmp_path))
    assert done.returncode == 1, f"the model lives on without it\n{done.stdout}"
