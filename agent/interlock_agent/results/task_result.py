"""The result of one task, and its results.json beside owner.json, which report_status reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from interlock_agent.masking.mask import Mask
from interlock_agent.results.interface import ResultStore
from interlock_agent.sources.interface import Fetched
from interlock_agent.task_identity import TaskIdentity

Outcome = Literal["success", "failure", "refused", "terminated"]


@dataclass(frozen=True, slots=True)
class TaskResult:
    """How the task ended. `return_code` is the script's, negative for a signal; None where no script ran."""

    outcome: Outcome
    exit_code: int
    return_code: int | None = None
    reason: str | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)
    error_lines: Sequence[str] = ()
    inputs: Mapping[str, Fetched] = field(default_factory=dict)
    items: Mapping[str, object] | None = None


def masked(result: TaskResult, mask: Mask) -> TaskResult:
    """Return the result without secrets in what the script or a source could have put there."""
    outputs = {name: mask(value) for name, value in result.outputs.items()}
    return replace(result, outputs=outputs, reason=mask(result.reason) if result.reason else result.reason)


def write_result(
    identity: TaskIdentity, result: TaskResult, store: ResultStore, *, started_at: datetime, ended_at: datetime
) -> None:
    """Create the task's results.json; a retry of the task has a file of its own, as none is overwritten."""
    number = f"-{identity.task_attempt}" if identity.task_attempt else ""
    name = f"{identity.attempt_prefix}/{identity.task_index}/results{number}.json"
    times = {"started_at": started_at.isoformat(), "ended_at": ended_at.isoformat()}
    store.create(name, {**_ids(identity), **_fields(result), **times})


def _ids(identity: TaskIdentity) -> dict[str, Any]:
    return {
        "schema": 1,
        "release_id": identity.release_id,
        "attempt": identity.attempt,
        "execution": identity.execution,
        "task_index": identity.task_index,
        "task_attempt": identity.task_attempt,
    }


def _fields(result: TaskResult) -> dict[str, Any]:
    is_signal = result.return_code is not None and result.return_code < 0
    return {
        "outcome": result.outcome,
        **({"signal": -(result.return_code or 0)} if is_signal else {"exit_code": result.exit_code}),
        **({"reason": result.reason} if result.reason else {}),
        "digests": {name: one.sha256 for name, one in result.inputs.items()},
        "generations": {name: one.generation for name, one in result.inputs.items() if one.generation},
        **({"items": result.items} if result.items is not None else {}),
        "outputs": dict(result.outputs),
        "error_lines": list(result.error_lines),
    }
