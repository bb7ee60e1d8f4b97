"""Takes the attempt's fence: of all executions that were started for it, exactly one may run the script."""

from interlock_agent.environment import Identity
from interlock_agent.exit_codes import ExitCode, Refused
from interlock_agent.stores import ResultStore, StoreUnavailable


def take_fence(identity: Identity, store: ResultStore) -> str:
    """Return the name of the execution that owns the attempt: ours if we were first, or a task of it was."""
    name = f"{identity.attempt_prefix}/owner.json"
    try:
        return identity.execution if store.create(name, _owner(identity)) else _owner_of(name, store)
    except StoreUnavailable as problem:
        raise Refused(ExitCode.RESULTS_UNAVAILABLE, f"cannot take the fence: {problem}") from problem


def _owner(identity: Identity) -> dict[str, str | int]:
    return {
        "execution": identity.execution,
        "fence": identity.fence,
        "release_id": identity.release_id,
        "attempt": identity.attempt,
    }


def _owner_of(name: str, store: ResultStore) -> str:
    owner = (store.read(name) or {}).get("execution")
    if not isinstance(owner, str):
        raise StoreUnavailable(f"{name} names no execution")
    return owner
