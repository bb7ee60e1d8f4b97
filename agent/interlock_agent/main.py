"""`run-release` and `run-task`, the commands of the job's container: from the environment to the exit code."""

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from interlock_agent.errors import Refused
from interlock_agent.exit_codes import ExitCode
from interlock_agent.limits import Limits
from interlock_agent.log import Log
from interlock_agent.masking.known_secrets import known_secrets
from interlock_agent.masking.mask import Mask
from interlock_agent.results.interface import ResultStore, StoreUnavailable
from interlock_agent.results.open_store import open_store
from interlock_agent.results.ownership import take_ownership
from interlock_agent.results.task_result import TaskResult, masked, write_result
from interlock_agent.run import RunContext, run_release
from interlock_agent.script.termination import Terminated, Termination
from interlock_agent.task_identity import TaskIdentity
from interlock_agent.task_settings import TaskSettings, read_task_settings


def main() -> None:
    """Run the task of this process's environment; the only argument is the command's own name."""
    match sys.argv[1:]:
        case [] | ["run-release"]:
            sys.exit(run(os.environ))
        case ["run-task"]:
            run_task()
        case _:
            print("usage: run-release | run-task; environment variables describe the task", file=sys.stderr)
            sys.exit(ExitCode.USAGE)


def run_task() -> None:
    """Run a maintenance task: `RELEASE_TASK` must name it, the route's defaults give its script."""
    sys.exit(run(os.environ, required=("RELEASE_TASK",)))


def run(environ: Mapping[str, str], required: Sequence[str] = ()) -> int:
    """Return the container's exit code for the task."""
    settings = read_task_settings(environ, required)
    mask = Mask(known_secrets(environ))
    log = Log(sys.stdout, settings.identity, mask)
    if settings.identity is None:
        log.failure("release refused", problems=[mask(problem) for problem in settings.problems])
        return ExitCode.USAGE
    termination = Termination((settings.release.limits if settings.release else Limits()).grace_seconds)
    termination.install()
    try:
        return _run_as_owner(settings, settings.identity, RunContext(Path(), environ, log, mask, termination))
    except Terminated:
        log.failure("terminated before the release began")
        return ExitCode.TERMINATED
    except Refused as refusal:
        log.failure("release refused", reason=refusal.reason)
        return refusal.code


def _run_as_owner(settings: TaskSettings, identity: TaskIdentity, context: RunContext) -> int:
    store = open_store(identity.results)
    owner = take_ownership(identity, store)
    if owner != identity.execution:
        context.log.info("another execution owns this attempt; nothing to do here", owner=owner)
        return ExitCode.DONE
    started_at = datetime.now(UTC)
    result = masked(_result(settings, identity, store, context), context.mask)
    _log_result(result, context.log)
    try:
        write_result(identity, result, store, started_at=started_at, ended_at=datetime.now(UTC))
    except StoreUnavailable as problem:
        context.log.failure("the result could not be written", problem=str(problem))
    return result.exit_code


def _result(settings: TaskSettings, identity: TaskIdentity, store: ResultStore, context: RunContext) -> TaskResult:
    if settings.release is None:
        return TaskResult("refused", ExitCode.USAGE, reason="; ".join(settings.problems))
    with tempfile.TemporaryDirectory(prefix="release-", ignore_cleanup_errors=True) as directory:
        return run_release(identity, settings.release, store, replace(context, directory=Path(directory)))


def _log_result(result: TaskResult, log: Log) -> None:
    fields = {"outcome": result.outcome, "exit_code": result.exit_code}
    if result.outcome == "success":
        log.info("release ended", **fields)
    else:
        log.failure("release ended", **fields, **({"reason": result.reason} if result.reason else {}))


if __name__ == "__main__":
    main()
