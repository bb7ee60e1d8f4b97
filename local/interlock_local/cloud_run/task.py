"""Keeps one container: starts its process, ends it at the timeout or on SIGTERM, and writes down how it ended.

Outlives the server, so that a killed server loses no run. Started once per task as a bare script, hence only the
lightest modules. Standard input is the attempt's lock: held while this process lives, hidden from the container.

    task.py DIRECTORY LOG TIMEOUT_SECONDS GRACE_SECONDS COMMAND [ARGUMENT…]
"""

import ctypes
import os
import select
import signal
import sys
import time

PR_SET_CHILD_SUBREAPER = 36
CLEARING_ROUNDS = 500
RESET = (signal.SIGPIPE, signal.SIGXFSZ)  # which Python ignores, and a child would inherit that


class Container:
    """The process that stands for the container, and whatever it started."""

    def __init__(self, command: list[str]) -> None:
        self.pid = os.posix_spawnp(command[0], command, os.environ, setsid=True, setsigdef=RESET)
        self.status: int | None = None

    def is_running(self) -> bool:
        """Whether the first process lives; buries every other that died."""
        while self.status is None and self.bury():
            pass
        return self.status is None

    def bury(self) -> bool:
        """Takes the status of one dead child; False if none is dead."""
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        self.status = status if pid == self.pid else self.status
        return pid != 0

    def clear(self) -> None:
        """Kills what is left, level by level: the orphans of a killed process become this process's children."""
        for _ in range(CLEARING_ROUNDS):
            left = [self.pid] * (self.status is None) or children()
            if not left:
                return
            for pid in left:
                end(pid)
            time.sleep(0.01)
            while self.bury():
                pass


def children() -> list[int]:
    """This process's own children; none where the system does not tell."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children") as listing:  # noqa: PTH123 - pathlib is heavy
            return [int(pid) for pid in listing.read().split()]
    except OSError:
        return []


def end(pid: int) -> None:
    """Kills the process and its group, if they are still there."""
    for kill in (os.killpg, os.kill):
        try:
            kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


def take_in_orphans() -> None:
    """Makes the orphans of the container ours, as they would be its first process's in a real one."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def listen() -> int:
    """A descriptor that yields the number of every signal as it comes."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # a server blocks what it waits for
    return reading


def wait(container: Container, signals: int, *, until: float) -> str:
    """Returns why waiting is over: `exited`, `stopped` (a SIGTERM came) or `timed_out`."""
    while container.is_running():
        left = until - time.monotonic()
        if left <= 0:
            return "timed_out"
        if select.select([signals], [], [], left)[0] and signal.SIGTERM in os.read(signals, 64):
            return "stopped"
    return "exited"


def run(command: list[str], signals: int, *, timeout: float, grace: float) -> tuple[str, int]:
    """Runs the container to its end: the cause, and the exit code with 128 + signal as a shell would say it."""
    container = Container(command)
    cause = wait(container, signals, until=time.monotonic() + timeout)
    if cause != "exited":
        os.kill(container.pid, signal.SIGTERM)
        until = time.monotonic() + grace
        while wait(container, signals, until=until) == "stopped":
            pass
    container.clear()
    code = os.waitstatus_to_exitcode(container.status or 0)
    return cause, code if code >= 0 else 128 - code


def write(path: str, text: str) -> None:
    """Writes the whole file or nothing."""
    with open(f"{path}.new", "w") as file:  # noqa: PTH123 - pathlib is heavy
        file.write(text)
    os.replace(f"{path}.new", path)  # noqa: PTH105 - pathlib is heavy


def redirect(log: str) -> None:
    """Output goes to the log, input is empty, and the lock moves to where no child inherits it."""
    os.dup(0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(output, 1)
    os.dup2(output, 2)


def main(directory: str, log: str, timeout: str, grace: str, *command: str) -> None:
    """Keeps the container and leaves `exit.json` in the attempt's directory."""
    signals = listen()
    take_in_orphans()
    redirect(log)
    os.chdir(f"{directory}/work")
    write(f"{directory}/begun", str(os.getpid()))
    try:
        if os.path.exists(f"{directory}/stop"):  # noqa: PTH110 - pathlib is heavy
            cause, code = "stopped", 143
        else:
            cause, code = run(list(command), signals, timeout=float(timeout), grace=float(grace))
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", flush=True)
        cause, code = "unstartable", 127
    write(f"{directory}/exit.json", f'{{"cause": "{cause}", "exit_code": {code}}}')


if __name__ == "__main__":
    main(*sys.argv[1:])
