"""Exit codes, and the one form of every error: what happened, and what to do about it."""

from collections.abc import Sequence
from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's end means; scripts rely on these numbers, so they never change."""

    SUCCESS = 0
    FAILURE = 1
    REJECTED = 2
    STOPPED = 3
    ERRORED = 4
    TIMED_OUT = 5
    USAGE = 64
    INTERRUPTED = 130


class CommandError(Exception):
    """A command cannot do what was asked. Commands raise it; main() prints it and exits with its code.

    `details` are lines of their own before it, as the rules that a file breaks.
    """

    def __init__(
        self, what: str, remedy: str, *, code: ExitCode = ExitCode.FAILURE, details: Sequence[str] = ()
    ) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.code = code
        self.details = tuple(details)


def as_command_error(error: Exception) -> CommandError:
    """Translate an error of the core into the command's form, with the way out that fits its kind."""
    if isinstance(error, CommandError):
        return error
    from interlock.config import ConfigurationError
    from interlock.ledger.interface import LedgerUnavailable
    from interlock.ports import PublishFailed
    from interlock_local.stack.errors import ServiceFailed, StackError

    text = one_line(error)
    causes = (error, error.__cause__)  # by name: importing it would cost every error its time
    if any(type(one).__module__.startswith("google.auth.") for one in causes):
        return CommandError(text, "run: gcloud auth application-default login, or name a local installation: --local")
    match error:
        case ConfigurationError():
            return CommandError(text, 'set it, or run: eval "$(interlock local env)"', code=ExitCode.USAGE)
        case LedgerUnavailable():
            return CommandError(f"the ledger does not answer: {text}", "check INTERLOCK_LEDGER, then try again")
        case PublishFailed():
            return CommandError(f"the topic did not confirm: {text}", "check the topic, then publish it again")
        case ServiceFailed():
            return CommandError("\n  ".join((text, *error.log)), error.remedy, code=ExitCode.ERRORED)
        case StackError():
            return CommandError(text, error.remedy)
        case _:
            return CommandError(f"{type(error).__name__}: {text}", "this is a fault of the command; please report it")


def one_line(error: Exception) -> str:
    """Return the error's text on one line, however its library laid it out."""
    return " ".join(str(error).split()) or type(error).__name__
