"""Becomes a command that does not outlive its starter: `leash.py SIGNAL STARTER_PID COMMAND…`.

Where the kernel can (Linux), it is asked to send the signal when the starter dies, however it dies. Elsewhere the
next start of the stack finds what was left.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask, look whether it is too late already, and become the command."""
    number, starter, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != starter:
        sys.exit("the starter is gone")
    os.execvp(command[0], command)  # noqa: S606 - becoming it is the point


if __name__ == "__main__":
    main()
