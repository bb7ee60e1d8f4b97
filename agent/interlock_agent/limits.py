"""The most of anything that the agent takes in; a release beyond it is refused, never half done."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one task. Cloud Run's /tmp is memory, so they are set well below what a task usually has."""

    download_bytes: int = 512 * 1024 * 1024
    download_seconds: int = 300
    unpacked_bytes: int = 1024 * 1024 * 1024
    members: int = 20_000
    grace_seconds: int = 8


LIMIT_VARIABLES = {
    "INTERLOCK_MAX_DOWNLOAD_BYTES": "download_bytes",
    "INTERLOCK_MAX_DOWNLOAD_SECONDS": "download_seconds",
    "INTERLOCK_MAX_UNPACKED_BYTES": "unpacked_bytes",
    "INTERLOCK_MAX_MEMBERS": "members",
    "INTERLOCK_GRACE_SECONDS": "grace_seconds",
}
