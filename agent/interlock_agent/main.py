"""`run-release`: the command the job's container runs; reads the environment and exits with the script's code."""

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from interlock_agent.deployment import Deployment, Scene
from interlock_agent.environment import Identity, Task, read_task
from interlock_agent.exit_codes import ExitCode, Refused
from interlock_agent.fence import take_fence
from interlock_agent.known_secrets import known_secrets
from interlock_agent.limits import Limits
from interlock_agent.log import Log
from interlock_agent.masking import Mask
from interlock_agent.results import Ending, masked, write_results
from interlock_agent.stop import Stop, Stopped
from interlock_agent.stores import ResultStore, StoreUnavailable, open_store


def main() -> None:
    """Run the task of this process's environment; the one word that may follow is the command's own name."""
    match sys.argv[1:]:
        case [] | ["run-release"]:
            sys.exit(run(os.environ))
        case ["run-task"]:
            run_task()
        case _:
            print("usage: run-release | run-task; the task is told in environment variables", file=sys.stderr)
            sys.exit(ExitCode.USAGE)


def run_task() -> None:
    """Run a maintenance task: `RELEASE_TASK` must name it, the route's defaults give its script."""
    sys.exit(run(os.environ, needed=("RELEASE_TASK",)))


def run(environ: Mapping[str, str], needed: Sequence[str] = ()) -> int:
    """Return the container's exit code for the task."""
    task = read_task(environ, needed)
    mask = Mask(known_secrets(environ))
    log = Log(sys.stdout, task.identity, mask)
    if task.identity is None:
        log.failure("release refused", problems=[mask(problem) for problem in task.problems])
        return ExitCode.USAGE
    stop = Stop((task.work.limits if task.work else Limits()).grace_seconds)
    stop.install()
    try:
        return _as_owner(task, task.identity, Scene(Path(), environ, log, mask, stop))
    except Stopped:
        log.failure("told to end before the release began")
        return ExitCode.TERMINATED
    except Refused as refusal:
        log.failure("release refused", reason=refusal.reason)
        return refusal.code


def _as_owner(task: Task, identity: Identity, scene: Scene) -> int:
    store = open_store(identity.results)
    owner = take_fence(identity, store)
    if owner != identity.execution:
        scene.log.info("another execution owns this attempt; nothing to do here", owner=owner)
        return ExitCode.DONE
    started_at = datetime.now(UTC)
    ending = masked(_ending(task, identity, scene, store), scene.mask)
    _tell(ending, scene.log)
    try:
        write_results(identity, ending, store, started_at=started_at, ended_at=datetime.now(UTC))
    except StoreUnavailable as problem:
        scene.log.failure("the result could not be written", problem=str(problem))
    return ending.exit_code


def _ending(task: Task, identity: Identity, scene: Scene, store: ResultStore) -> Ending:
    if task.work is None:
        return Ending("refused", ExitCode.USAGE, reason="; ".join(task.problems))
    with tempfile.TemporaryDirectory(prefix="release-", ignore_cleanup_errors=True) as directory:
        own = replace(scene, directory=Path(directory))
        return Deployment(identity, task.work, own, store).run()


def _tell(ending: Ending, log: Log) -> None:
    fields = {"outcome": ending.outcome, "exit_code": ending.exit_code}
    if ending.outcome == "success":
        log.info("release ended", **fields)
    else:
        log.failure("release ended", **fields, **({"reason": ending.reason} if ending.reason else {}))


if __name__ == "__main__":
    main()
