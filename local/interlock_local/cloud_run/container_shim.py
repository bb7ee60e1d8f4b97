"""Supervises one container: starts its process, ends it at the timeout or on SIGTERM, and records how it ended.

It outlives the server, so that a killed server loses no execution. It is started for every task, as a script without
site-packages, and imports only what starts fast. Standard input is the attempt's lock: this process holds it while it
lives, and the container never sees it.

    container_shim.py DIRECTORY LOG TIMEOUT_SECONDS GRACE_SECONDS COMMAND [ARGUMENT…]
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
    """The process that represents the container, and whatever it started."""

    def __init__(self, command: list[str]) -> None:
        self.pid = os.posix_spawnp(command[0], command, os.environ, setsid=True, setsigdef=RESET)
        self.status: int | None = None

    def is_running(self) -> bool:
        """Return whether the first process lives; reap every process that died."""
        while self.status is None and self.reap():
            pass
        return self.status is None

    def reap(self) -> bool:
        """Reap one dead child; return False if none is dead."""
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        self.status = status if pid == self.pid else self.status
        return pid != 0

    def clear(self) -> None:
        """Kill what is left, level by level: the orphans of a killed process become this process's children."""
        for _ in range(CLEARING_ROUNDS):
            left = [self.pid] * (self.status is None) or children()
            if not left:
                return
            for pid in left:
                kill(pid)
            time.sleep(0.01)
            while self.reap():
                pass


def children() -> list[int]:
    """Return this process's own children; none where there is no /proc."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children") as listing:  # noqa: PTH123 - pathlib is heavy
            return [int(pid) for pid in listing.read().split()]
    except OSError:
        return []


def kill(pid: int) -> None:
    """Kill the process and its group, if they are still there."""
    for send in (os.killpg, os.kill):
        try:
            send(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


def become_subreaper() -> None:
    """Adopt the orphans of the container, as the first process of a real container does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def signal_pipe() -> int:
    """Return a descriptor that yields the number of every signal as it comes."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # the server blocks the signals that it waits for
    return reading


def wait(container: Container, signals: int, *, until: float) -> str:
    """Return why the wait is over: `exited`, `stopped` (a SIGTERM came) or `timed_out`."""
    while container.is_running():
        left = until - time.monotonic()
        if left <= 0:
            return "timed_out"
        if select.select([signals], [], [], left)[0] and signal.SIGTERM in os.read(signals, 64):
            return "stopped"
    return "exited"


def run(command: list[str], signals: int, *, timeout: float, grace: float) -> tuple[str, int]:
    """Run the container to its end; return the cause and the exit code, which is 128 + signal as in a shell."""
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
    """Write the whole file or nothing."""
    with open(f"{path}.new", "w") as file:  # noqa: PTH123 - pathlib is heavy
        file.write(text)
    os.replace(f"{path}.new", path)  # noqa: PTH105 - pathlib is heavy


def redirect(log: str) -> None:
    """Send output to the log, empty the input, and move the lock to a descriptor that no child inherits."""
    os.dup(0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(output, 1)
    os.dup2(output, 2)


def main(directory: str, log: str, timeout: str, grace: str, *command: str) -> None:
    """Run the container and leave `exit.json` in the attempt's directory."""
    signals = signal_pipe()
    become_subreaper()
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
