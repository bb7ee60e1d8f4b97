"""The inputs of one task: each is fetched under the same policy, logged, and kept with its digest for the result."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from interlock_agent.log import Log
from interlock_agent.sources.fetch import fetch
from interlock_agent.sources.interface import Fetched, FetchPolicy

_PROGRESS_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Inputs:
    """What has been fetched so far stands in `fetched`, whatever fails later."""

    policy: FetchPolicy
    log: Log
    fetched: dict[str, Fetched] = field(default_factory=dict)

    def fetch(self, name: str, uri: str, target: Path, *, sha256: str | None) -> None:
        """Fetch one input into the target file, or raise Refused."""
        policy = replace(self.policy, on_progress=_ProgressLog(self.log, name))
        one = self.fetched[name] = fetch(uri, target, policy=policy, sha256=sha256)
        self.log.info("fetched", target=name, sha256=one.sha256, generation=one.generation)

    def verify(self, name: str, path: Path, *, copy: Path, sha256: str | None) -> None:
        """Hold a file that came inside another input to its own digest, by the reader that every source has."""
        policy = FetchPolicy(("file://",), self.policy.limits)
        self.fetched[name] = fetch(path.as_uri(), copy, policy=policy, sha256=sha256)
        copy.unlink()


class _ProgressLog:
    """Logs how far a large download has come, every 64 MiB."""

    def __init__(self, log: Log, name: str) -> None:
        self._log = log
        self._name = name
        self._next = _PROGRESS_BYTES

    def __call__(self, size: int) -> None:
        if size >= self._next:
            self._next = size + _PROGRESS_BYTES
            self._log.info("fetching", target=self._name, bytes=size)
