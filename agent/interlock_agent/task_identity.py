"""Which task of which execution, attempt and release this process is; every log line and stored document bears it."""

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class TaskIdentity:
    """The ids of one task, and the URI of the store that its documents go to."""

    release_id: str
    attempt: int
    fencing_token: int
    execution: str
    task_index: int
    task_attempt: int
    results: str
    task_count: int = 1

    @property
    def attempt_prefix(self) -> str:
        """The prefix of all documents of the attempt; the id is percent-encoded, so it is always one segment."""
        return f"{quote(self.release_id, safe='')}/{self.attempt}"
