"""Decides who runs the attempt: of all executions that were started for it, the first to create owner.json."""

from interlock_agent.errors import Refused
from interlock_agent.exit_codes import ExitCode
from interlock_agent.results.interface import ResultStore, StoreUnavailable
from interlock_agent.task_identity import TaskIdentity


def take_ownership(identity: TaskIdentity, store: ResultStore) -> str:
    """Return the execution that owns the attempt: this one if it was first, or another task of it was."""
    name = f"{identity.attempt_prefix}/owner.json"
    try:
        return identity.execution if store.create(name, _document(identity)) else _read_owner(name, store)
    except StoreUnavailable as problem:
        raise Refused(ExitCode.RESULTS_UNAVAILABLE, f"cannot take ownership of the attempt: {problem}") from problem


def _document(identity: TaskIdentity) -> dict[str, str | int]:
    return {
        "execution": identity.execution,
        "fence": identity.fencing_token,
        "release_id": identity.release_id,
        "attempt": identity.attempt,
    }


def _read_owner(name: str, store: ResultStore) -> str:
    owner = (store.read(name) or {}).get("execution")
    if not isinstance(owner, str):
        raise StoreUnavailable(f"{name} names no execution")
    return owner
