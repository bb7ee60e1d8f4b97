"""Records what became of one task: results.json beside the fence, read by whoever reports the release."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from typing import Any, Literal

from interlock_agent.environment import Identity
from interlock_agent.files import open_regular
from interlock_agent.masking import Mask
from interlock_agent.sources import Fetched
from interlock_agent.stores import ResultStore

_OUTPUT = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]{0,63})=(.*)")
_HEREDOC = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]{0,63})<<([A-Za-z0-9_-]{1,64})")
_MOST_OUTPUTS = 50
_LONGEST_VALUE = 1000
_MOST_OUTPUT_BYTES = 64 * 1024

Outcome = Literal["success", "failure", "refused", "terminated"]


@dataclass(frozen=True, slots=True)
class Ending:
    """How the task ended. `return_code` is the script's, negative for a signal; None where no script ran."""

    outcome: Outcome
    exit_code: int
    return_code: int | None = None
    reason: str | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)
    error_lines: Sequence[str] = ()
    used: Mapping[str, Fetched] = field(default_factory=dict)
    items: Mapping[str, object] | None = None


def masked(ending: Ending, mask: Mask) -> Ending:
    """Return the ending without secrets in what the script or a source could have put there."""
    outputs = {name: mask(value) for name, value in ending.outputs.items()}
    return replace(ending, outputs=outputs, reason=mask(ending.reason) if ending.reason else ending.reason)


def write_results(
    identity: Identity, ending: Ending, store: ResultStore, *, started_at: datetime, ended_at: datetime
) -> None:
    """Create the task's results.json; a later try of the same task has a file of its own, as none is overwritten."""
    number = f"-{identity.task_attempt}" if identity.task_attempt else ""
    name = f"{identity.attempt_prefix}/{identity.task_index}/results{number}.json"
    times = {"started_at": started_at.isoformat(), "ended_at": ended_at.isoformat()}
    store.create(name, {**_ids(identity), **_what(ending), **times})


def read_outputs(path: Path) -> dict[str, str]:
    """Return the script's outputs, bounded: lines `key=value`, and `key<<END` with the value's lines up to END."""
    try:
        with open_regular(path) as stream:
            text = stream.read(_MOST_OUTPUT_BYTES).decode(errors="replace")
    except OSError:
        return {}
    pairs = {key: value[:_LONGEST_VALUE] for key, value in _pairs(text.split("\n"))}
    return dict(list(pairs.items())[:_MOST_OUTPUTS])


def _pairs(lines: list[str]) -> Iterator[tuple[str, str]]:
    rest = iter([line.rstrip("\r") for line in lines])
    for line in rest:
        if begin := _HEREDOC.fullmatch(line):
            yield begin[1], "\n".join(_until(begin[2], rest))
        elif found := _OUTPUT.fullmatch(line):
            yield found[1], found[2]


def _until(end: str, rest: Iterator[str]) -> Iterator[str]:
    return takewhile(lambda line: line != end, rest)


def _ids(identity: Identity) -> dict[str, Any]:
    return {
        "schema": 1,
        "release_id": identity.release_id,
        "attempt": identity.attempt,
        "execution": identity.execution,
        "task_index": identity.task_index,
        "task_attempt": identity.task_attempt,
    }


def _what(ending: Ending) -> dict[str, Any]:
    is_signal = ending.return_code is not None and ending.return_code < 0
    return {
        "outcome": ending.outcome,
        **({"signal": -(ending.return_code or 0)} if is_signal else {"exit_code": ending.exit_code}),
        **({"reason": ending.reason} if ending.reason else {}),
        "digests": {what: one.sha256 for what, one in ending.used.items()},
        "generations": {what: one.generation for what, one in ending.used.items() if one.generation},
        **({"items": ending.items} if ending.items is not None else {}),
        "outputs": dict(list(ending.outputs.items())[:_MOST_OUTPUTS]),
        "error_lines": list(ending.error_lines),
    }
