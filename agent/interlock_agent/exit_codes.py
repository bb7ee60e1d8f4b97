"""The container's exit codes: the script's own code, or one of these when no script ran to its end."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The agent's own codes; `outcome` in results.json distinguishes them from a script that uses the same number."""

    DONE = 0
    USAGE = 64
    DIGEST_MISMATCH = 65
    SOURCE_UNAVAILABLE = 66
    UNSAFE_ARCHIVE = 67
    POLICY = 68
    NO_SCRIPT = 69
    RESULTS_UNAVAILABLE = 70
    BAD_MANIFEST = 71
    SIGNAL_BASE = 128
    TERMINATED = 143


def container_code(return_code: int) -> int:
    """Return the code that a shell would give: a death by signal N becomes 128 + N."""
    return return_code if return_code >= 0 else ExitCode.SIGNAL_BASE - return_code
