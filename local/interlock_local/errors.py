"""Why the local stack cannot do what was asked, each with the way out."""


class StackError(Exception):
    """The stack refuses: what stands in the way, and what to do about it."""

    def __init__(self, what: str, remedy: str, *, log: tuple[str, ...] = ()) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.log = log


class PartFailed(StackError):
    """A part did not start; `log` holds its last words."""
