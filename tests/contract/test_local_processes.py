"""Processes as the local stack tells them apart: by identity, by group, and by the variable that names their stack."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from interlock_local.stack.process import (
    ProcessIdentity,
    identify,
    is_alive,
    members_of_group,
    send_signal,
    wait_for,
)

VARIABLE = {"variable": "INTERLOCK_STATE", "value": "/state"}


@contextmanager
def shell(script: str = "sleep 600", **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A shell that leads a group of its own."""
    command = ["/bin/sh", "-c", script]
    process = subprocess.Popen(command, env={"PATH": os.environ["PATH"], **environment}, start_new_session=True)
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def identity_of(process: subprocess.Popen[bytes]) -> ProcessIdentity:
    found = identify(process.pid)
    assert found
    return found


def test_a_process_keeps_its_identity_as_long_as_it_lives() -> None:
    with shell() as process:
        identity = identity_of(process)
        assert identify(process.pid) == identity
        assert is_alive(identity)
    assert not is_alive(identity)


def test_an_identity_counts_from_boot_so_that_setting_the_clock_does_not_change_it() -> None:
    with shell() as process:
        seconds_since_boot = psutil.Process(process.pid).create_time() - psutil.boot_time()
        assert float(identity_of(process).started) == pytest.approx(seconds_since_boot * 100, abs=1)


def test_a_process_that_is_dead_and_not_yet_reaped_is_not_alive() -> None:
    with shell("exit 0") as process:
        assert wait_for(lambda: identify(process.pid) is None, seconds=30)
        assert process.returncode is None


def test_a_later_process_of_the_same_pid_is_another() -> None:
    with shell() as process:
        earlier = ProcessIdentity(process.pid, "1")
        assert not is_alive(earlier)
        send_signal(earlier, signal.SIGKILL)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)


def test_a_group_is_found_by_its_dead_leader_and_the_variable_of_its_stack() -> None:
    with shell("sleep 600 & exec sleep 600", INTERLOCK_STATE="/state") as process:
        leader = identity_of(process)
        assert wait_for(lambda: len(members_of_group(leader, **VARIABLE)) == 2, seconds=30)
        os.kill(process.pid, signal.SIGKILL)
        assert wait_for(lambda: not is_alive(leader), seconds=30)
        [survivor] = members_of_group(leader, **VARIABLE)
        assert survivor != leader


def test_a_group_without_the_variable_of_the_stack_is_not_touched() -> None:
    with shell(INTERLOCK_STATE="/another") as other, shell() as unrelated:
        assert members_of_group(identity_of(other), **VARIABLE) == []
        assert members_of_group(identity_of(unrelated), **VARIABLE) == []
