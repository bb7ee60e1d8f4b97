"""Takes the attempt's fence: of all executions that were started for it, exactly one may run the script."""

import json
from pathlib import Path

from interlock_agent.environment import Identity
from interlock_agent.exit_codes import ExitCode, Refused
from interlock_agent.files import create_whole


def take_fence(identity: Identity) -> str:
    """Return the name of the execution that owns the attempt: ours if we were first, or a task of it was."""
    path = identity.attempt_directory / "owner.json"
    try:
        return identity.execution if create_whole(path, _owner(identity)) else _owner_of(path)
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise Refused(ExitCode.RESULTS_UNAVAILABLE, f"cannot take the fence: {problem}") from problem


def _owner(identity: Identity) -> dict[str, str | int]:
    return {
        "execution": identity.execution,
        "fence": identity.fence,
        "release_id": identity.release_id,
        "attempt": identity.attempt,
    }


def _owner_of(path: Path) -> str:
    return str(json.loads(path.read_bytes())["execution"])
