"""What a retry of a task finds in the results store: the attempt's manifest, and which items are done."""

from dataclasses import dataclass

from interlock_agent.errors import Refused
from interlock_agent.exit_codes import ExitCode
from interlock_agent.items.manifest import Item
from interlock_agent.log import Log
from interlock_agent.results.interface import ResultStore, StoreUnavailable
from interlock_agent.sources.interface import Fetched
from interlock_agent.task_identity import TaskIdentity


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """The documents of one attempt that all its tasks and retries share."""

    identity: TaskIdentity
    store: ResultStore
    log: Log

    def pin_manifest(self, manifest: Fetched) -> None:
        """Hold every task and retry of the attempt to the manifest that the first of them read."""
        name = f"{self.identity.attempt_prefix}/manifest.json"
        document = {"sha256": manifest.sha256, "generation": manifest.generation}
        try:
            pinned = document if self.store.create(name, document) else self.store.read(name) or {}
        except StoreUnavailable as problem:
            raise Refused(ExitCode.RESULTS_UNAVAILABLE, f"cannot pin the manifest: {problem}") from problem
        if pinned.get("sha256") != manifest.sha256:
            raise Refused(ExitCode.DIGEST_MISMATCH, "the manifest is not the one that this attempt began with")

    def is_done(self, item: Item) -> bool:
        """Whether an earlier try has done the item; refuse where that cannot be known."""
        try:
            return self.store.read(self._name(item)) is not None
        except StoreUnavailable as problem:
            raise Refused(ExitCode.RESULTS_UNAVAILABLE, f"cannot read what is done: {problem}") from problem

    def mark_done(self, item: Item) -> None:
        """Record that the item is done; where that fails, a retry would do it again, and the log has the reason."""
        done = {"id": item.name, "execution": self.identity.execution, "task_attempt": self.identity.task_attempt}
        try:
            self.store.create(self._name(item), done)
        except StoreUnavailable as problem:
            self.log.failure("an item is done but could not be marked", item=item.name, problem=str(problem))

    def _name(self, item: Item) -> str:
        return f"{self.identity.attempt_prefix}/items/{item.index}.json"
