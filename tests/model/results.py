"""A results store that a worker can be lost before and after, or fail to reach."""

from interlock.results.interface import ResultsUnavailable
from tests.fakes import FakeResults
from tests.model.faults import Fuse


class WatchedResults(FakeResults):
    """FakeResults with boundaries at the fence; agents take it without any."""

    def __init__(self, fuse: Fuse) -> None:
        super().__init__()
        self._fuse = fuse

    def owner(self, release_id: str, attempt: int) -> str | None:
        self._fuse.reach(ResultsUnavailable)
        return super().owner(release_id, attempt)

    def seal(self, release_id: str, attempt: int) -> str:
        self._fuse.reach(ResultsUnavailable)
        owner = super().seal(release_id, attempt)
        self._fuse.reach(ResultsUnavailable)
        return owner
