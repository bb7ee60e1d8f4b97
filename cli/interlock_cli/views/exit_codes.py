"""The exit code of each closing state (design 1.3), and how a command that waited ends."""

from collections.abc import Mapping

from interlock.domain.releases.model import Release, State
from interlock_cli.errors import ExitCode
from interlock_cli.views.output import say, show

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


def end(release: Release | None, document: Mapping[str, object], *, as_json: bool) -> ExitCode:
    """Print how the release ended, last error lines and all, and return what that means; None is a time-out."""
    from interlock_cli.views.release import as_document, as_lines

    told = as_document(release) if release else None
    show({**document, "release": told}, as_lines(release) if release else (), as_json=as_json)
    if release is None:
        say(f"the time is up; the release goes on. Wait on: interlock wait {document['release_id']}")
        return ExitCode.TIMED_OUT
    return EXIT_CODES[release.state]
