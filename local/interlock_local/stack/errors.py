"""Why the local stack cannot do what was asked, each with what to do about it."""


class StackError(Exception):
    """The stack cannot do it: the obstacle, the remedy, and the end of a log if one explains it."""

    def __init__(self, what: str, remedy: str, *, log: tuple[str, ...] = ()) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.log = log


class ServiceFailed(StackError):
    """A service did not start; `log` is the end of its log."""
