"""The exit code of each closing state (design 1.3), and what a command prints that has waited for one."""

from collections.abc import Mapping

from interlock.domain.releases.model import Release, State
from interlock_cli.errors import ExitCode
from interlock_cli.views.output import print_result, print_status
from interlock_cli.views.release import release_document, release_lines

EXIT_CODES: Mapping[State, ExitCode] = {
    State.SUCCEEDED: ExitCode.SUCCESS,
    State.FAILED: ExitCode.FAILURE,
    State.REJECTED: ExitCode.REJECTED,
    State.CANCELLED: ExitCode.STOPPED,
    State.SUPERSEDED: ExitCode.STOPPED,
    State.EXPIRED: ExitCode.STOPPED,
    State.ERRORED: ExitCode.ERRORED,
    State.DEAD_LETTERED: ExitCode.ERRORED,
}


def print_outcome(release: Release | None, document: Mapping[str, object], *, as_json: bool) -> ExitCode:
    """Print how the release ended, with its last error lines, and return its exit code; None is a time-out."""
    record = release_document(release) if release else None
    print_result({**document, "release": record}, release_lines(release) if release else (), as_json=as_json)
    if release is None:
        print_status(f"the time is up; the release goes on. Wait on: interlock wait {document['release_id']}")
        return ExitCode.TIMED_OUT
    return EXIT_CODES[release.state]
