"""The state directory's record of the stack that runs on it, the lock on it, and what a killed stack left running."""

import fcntl
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from interlock_local.stack import names
from interlock_local.stack.errors import StackError
from interlock_local.stack.process import ProcessIdentity, identify, is_alive, members_of_group, send_signal, wait_for

STOP_SECONDS = 10.0


class StackRecord(msgspec.Struct, frozen=True, kw_only=True, rename={"services": "parts"}):
    """The stack that runs here, or ran here last. `environment` is what a shell needs to talk to it."""

    supervisor: ProcessIdentity
    ready: bool
    ports: Mapping[str, int]
    environment: Mapping[str, str]
    services: Mapping[str, ProcessIdentity] = {}

    @property
    def is_running(self) -> bool:
        """Whether its supervisor lives."""
        return is_alive(self.supervisor)


def write_record(state: Path, record: StackRecord) -> None:
    """Replace the record atomically, so that nobody reads half of one."""
    path = state / "stack.json"
    draft = path.with_suffix(".draft")
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(record)))
    draft.replace(path)


def read_record(state: Path) -> StackRecord | None:
    """Return the record; None if no stack ever ran here or the file cannot be read."""
    with suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode((state / "stack.json").read_bytes(), type=StackRecord)
    return None


@contextmanager
def locked(state: Path) -> Iterator[None]:
    """Lock the state directory for this process; raise StackError if another stack has the lock."""
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
    """End what a killed supervisor left running, and nothing else; return whether there was any."""
    record = read_record(state)
    leaders = list(record.services.values()) if record else []

    def left() -> list[ProcessIdentity]:
        return [
            member
            for leader in leaders
            for member in members_of_group(leader, variable=names.STATE_VARIABLE, value=str(state))
        ]

    found = left()
    for leader in set(leaders) & set(found):
        send_signal(leader, signal.SIGTERM)
    wait_for(lambda: not any(map(is_alive, leaders)), seconds=STOP_SECONDS)
    for orphan in left():
        send_signal(orphan, signal.SIGKILL)
    wait_for(lambda: not left(), seconds=STOP_SECONDS)
    return bool(found)


def own_identity() -> ProcessIdentity:
    """Return the identity of this process."""
    found = identify(os.getpid())
    assert found
    return found
