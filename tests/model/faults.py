"""Where a worker can be lost: every effect passes a boundary, and a fuse may burn through at any of them."""

from collections.abc import Callable
from dataclasses import dataclass


class Crash(BaseException):
    """The worker is gone; nothing after this line was done."""


@dataclass
class Fuse:
    """Counts boundaries down; at the chosen one it crashes, fails, or lets somebody else work in between."""

    left: int = 0
    action: Callable[[type[Exception] | None], None] | None = None

    def arm(self, left: int, action: Callable[[type[Exception] | None], None]) -> None:
        self.left, self.action = left, action

    def disarm(self) -> None:
        self.action = None

    def reach(self, failure: type[Exception] | None = None) -> None:
        """Pass a boundary; `failure` is what the port raises where it fails here."""
        if self.action is None:
            return
        self.left -= 1
        if self.left < 0:
            action, self.action = self.action, None
            action(failure)


def crash(_failure: type[Exception] | None) -> None:
    raise Crash


def fail(failure: type[Exception] | None) -> None:
    if failure is not None:
        raise failure("made to fail")
