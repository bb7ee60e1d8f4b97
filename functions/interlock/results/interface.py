"""What the agents of an attempt left behind: who owns it, and what each task reported."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

MOST_TASKS = 64
"""Of a release with more tasks, the results of the first are read: a report must not take minutes."""


class ResultsUnavailable(Exception):
    """The results store did not answer; the message must come back."""


class OwnershipStore(Protocol):
    """The attempt's fence: whoever creates its owner's document first may run the script, nobody after (design 2.6)."""

    def owner(self, release_id: str, attempt: int) -> str | None:
        """Return the owner's short name, or None; raise ResultsUnavailable."""

    def seal(self, release_id: str, attempt: int) -> str:
        """Take the fence as SEALED unless it is taken; return the owner's short name; raise ResultsUnavailable."""


class ResultReader(Protocol):
    """Reads what the agent left behind."""

    def results(self, release_id: str, attempt: int) -> Sequence[Mapping[str, Any]]:
        """Return the results.json of each task's last try, by task index, no more than MOST_TASKS.

        What is missing or broken is left out: it never holds the platform's verdict up.
        """


class Results(OwnershipStore, ResultReader, Protocol):
    """The store that the agent of every execution writes to."""
