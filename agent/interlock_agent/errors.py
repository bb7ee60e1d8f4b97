"""The one error that ends a task before its script runs; whatever raises it knows the container's exit code."""

from interlock_agent.exit_codes import ExitCode


class Refused(Exception):
    """The agent will not run the script: `code` is the container's exit code, `reason` is for people."""

    def __init__(self, code: ExitCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
