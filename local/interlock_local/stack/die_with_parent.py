"""Becomes a command that does not outlive its parent: `die_with_parent.py SIGNAL PARENT_PID COMMAND…`.

On Linux the kernel is asked to send the signal when the parent dies, however it dies. Elsewhere the next start of the
stack finds and ends what was left.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask for the signal, check that the parent did not die before, and become the command."""
    number, parent, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent is gone")
    os.execvp(command[0], command)  # noqa: S606 - becoming it is the point


if __name__ == "__main__":
    main()
