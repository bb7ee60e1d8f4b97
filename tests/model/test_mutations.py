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
SCRIPTED = ("tests/model/test_starts_in_doubt.py", "tests/model/test_late_news.py")


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
        "release.lease_until > context.now",
        "release.lease_until < context.now",
    ),
    Guard(
        "each claim has a fence of its own",
        "transitions.py",
        "fencing_token=release.fencing_token + 1",
        "fencing_token=release.fencing_token",
    ),
    Guard(
        "an expired claim is looked for before it is started again",
        "starting.py",
        "(StartExecution(take_over=True),)",
        "(StartExecution(),)",
    ),
    Guard(
        "a start that is confirmed late changes nothing",
        "starting.py",
        '    if release.state is not State.STARTING:\n        return NoEffect("not_starting")\n',
        "",
    ),
    Guard(
        "the tries come to an end",
        "starting.py",
        "release.starts >= context.limits.max_starts",
        "release.starts >= 10_000",
    ),
    Guard(
        "what was refused is not started again",
        "starting.py",
        "release.cancellation or release.refusal or",
        "release.cancellation or",
    ),
    Guard(
        "what was cancelled is not started again",
        "starting.py",
        "release.cancellation or release.refusal or",
        "release.refusal or",
    ),
    Guard(
        "an overloaded start does not count",
        "transitions.py",
        "starts=release.starts - 1, overloads",
        "starts=release.starts, overloads",
    ),
    Guard(
        "an overloaded release rests until its time",
        "starting.py",
        "if release.not_before is not None and release.not_before > context.now:",
        "if release.not_before is not None and context.now is None:",
    ),
    Guard(
        "not_after is the last moment to start",
        "starting.py",
        "if release.not_after is not None and release.not_after <= context.now:",
        "if release.not_after is not None and context.now is None:",
    ),
    Guard(
        "a lane holds no more than it can", "lane.py", "len(lane.holders) < capacity", "len(lane.holders) <= capacity"
    ),
    Guard("a lane keeps its order", "lane.py", "insort(queue, entry)", "queue.append(entry)"),
    Guard(
        "the first in the queue goes first",
        "starting.py",
        "if next_up(lane, plan.capacity) != release.release_id:",
        "if next_up(lane, plan.capacity) is None:",
    ),
    Guard("nobody starts past a queue", "admission.py", "if not lane.queue and has_room(lane,", "if has_room(lane,"),
    Guard(
        "a queue has an end",
        "admission.py",
        "if len(lane.queue) >= plan.max_queue:",
        "if len(lane.queue) > plan.max_queue:",
    ),
    Guard(
        "a lane that rejects keeps no queue",
        "admission.py",
        "if plan.lane_mode is LaneMode.REJECT:",
        "if plan.lane_mode is LaneMode.PARALLEL:",
    ),
    Guard(
        "a task is never superseded",
        "admission.py",
        "others = [other for other in lane.queue if other.replaceable]",
        "others = list(lane.queue)",
    ),
    Guard(
        "the older gives way to the newer",
        "admission.py",
        "[other for other in others if other > entry]",
        "[other for other in others if other is entry]",
    ),
    Guard(
        "what is closed leaves its lane", "transitions.py", "freed = leave(lane, release.release_id)", "freed = lane"
    ),
    Guard(
        "a freed lane wakes the next",
        "transitions.py",
        "return wake_next(closed, freed, release.plan), freed",
        "return closed, freed",
    ),
    Guard(
        "only the fence's owner closes its release",
        "ending.py",
        "        return short_name(event.execution) == event.owner\n",
        "        return True\n",
    ),
    Guard(
        "an end of an earlier attempt is a stray",
        "ending.py",
        "if event.attempt != release.attempt:",
        "if event.attempt is None:",
    ),
    Guard(
        "an end that comes twice closes once",
        "ending.py",
        '    if release.is_closed:\n        return Transition(release, lane, (NoEffect("already_closed"),))\n    if',
        "    if",
    ),
    Guard(
        "an attempt that may turn up late is sealed first",
        "ending.py",
        "return event.owner is None and release.starts > 1 and event.state is not State.SUCCEEDED",
        "return False",
    ),
    Guard(
        "an id stands for one request",
        "admission.py",
        "if candidate.state is State.REJECTED or candidate.payload_hash != release.payload_hash:",
        "if candidate.state is State.REJECTED:",
    ),
    Guard(
        "a rerun is the route's to allow",
        "admission.py",
        "if release.is_closed and may_rerun(release) and",
        "if release.is_closed and",
    ),
    Guard(
        "a request from before the end asks for no rerun",
        "admission.py",
        "may_rerun(release) and _is_later(candidate, release):",
        "may_rerun(release):",
    ),
    Guard(
        "a message that was answered is not answered anew",
        "admission.py",
        "if candidate.source.message_id in release.message_ids:",
        "if candidate.source.message_id in ():",
    ),
    Guard(
        "an attempt has a number of its own",
        "transitions.py",
        "attempt=release.attempt + 1,",
        "attempt=release.attempt,",
    ),
    Guard(
        "a rerun keeps the news of the attempt before it",
        "transitions.py",
        "        outbox=release.outbox,\n        message_ids",
        "        message_ids",
    ),
    Guard(
        "sequence rises with all that is told",
        "transitions.py",
        "sequence=release.sequence + 1, position",
        "sequence=release.sequence, position",
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
    file = bundle(folder) / "interlock" / "domain" / "releases" / guard.file
    source = file.read_text()
    assert source.count(guard.text) == 1, f"{guard.file} holds it {source.count(guard.text)} times: {guard.text}"
    file.write_text(source.replace(guard.text, guard.without))
    return folder


def run(package: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(package), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)


def search(package: Path) -> str:
    """Let the model live on the package, at random and then by its scripts; return what it says of it."""
    at_random = run(package, "tests.model.search", "400", "--repeatable")
    if at_random.returncode:
        return at_random.stdout or at_random.stderr
    scripted = run(package, "pytest", "-q", "-x", "-p", "no:cacheprovider", *SCRIPTED)
    return at_random.stdout if scripted.returncode == 0 else f"found: {scripted.stdout}"


@pytest.mark.slow
def test_the_model_lives_on_the_package_it_is_given(tmp_path: Path) -> None:
    assert search(bundle(tmp_path)).startswith("nothing found in ")


@pytest.mark.slow
@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name.replace(" ", "-"))
def test_without_the_guard_the_model_finds_a_fault(guard: Guard, tmp_path: Path) -> None:
    said = search(mutant(guard, tmp_path))
    assert said.startswith("found: "), f"the model lives on without it\n{said}"
