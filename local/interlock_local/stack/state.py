"""What a stack leaves in its state directory for others to read: who runs it, on which ports, and the lock on it."""

import fcntl
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from interlock_local.errors import StackError
from interlock_local.stack import names
from interlock_local.stack.process import Mark, group_of, is_alive, mark, send, wait_for

STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The stack that runs here, or ran here last. `environment` is what a shell needs to talk to it."""

    supervisor: Mark
    ready: bool
    ports: Mapping[str, int]
    environment: Mapping[str, str]
    parts: Mapping[str, Mark] = field(default_factory=dict)

    @property
    def is_running(self) -> bool:
        """Whether its supervisor lives."""
        return is_alive(self.supervisor)


def write_record(state: Path, record: Record) -> None:
    """Replace the record in one step, so that nobody reads half of one."""
    path = state / "stack.json"
    draft = path.with_suffix(".draft")
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(record)))
    draft.replace(path)


def read_record(state: Path) -> Record | None:
    """Return the record; None where no stack ever ran or the file is not one."""
    with suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode((state / "stack.json").read_bytes(), type=Record)
    return None


@contextmanager
def held(state: Path) -> Iterator[None]:
    """Take the state directory for this process alone."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _already_running(state) from None
        yield


def _already_running(state: Path) -> StackError:
    record = read_record(state)
    pid = f" (pid {record.supervisor.pid})" if record else ""
    return StackError(f"a local stack is already running on {state}{pid}", f"interlock local down --state {state}")


def clear_leftovers(state: Path) -> bool:
    """End what a killed supervisor left behind, and nobody else; True if there was any."""
    record = read_record(state)
    leaders = list(record.parts.values()) if record else []
    variable = f"{names.STATE_VARIABLE}={state}"

    def left() -> list[Mark]:
        return [member for leader in leaders for member in group_of(leader, variable)]

    found = left()
    for leader in set(leaders) & set(found):
        send(leader, signal.SIGTERM)
    wait_for(lambda: not any(map(is_alive, leaders)), seconds=STOP_SECONDS)
    for orphan in left():
        send(orphan, signal.SIGKILL)
    wait_for(lambda: not left(), seconds=STOP_SECONDS)
    return bool(found)


def own_mark() -> Mark:
    """Return this process's mark."""
    found = mark(os.getpid())
    assert found
    return found
