"""Runs a task's share of a manifest, item by item; what is marked done is skipped when the task is tried again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from interlock_agent.environment import Identity
from interlock_agent.exit_codes import ExitCode, Refused
from interlock_agent.log import Log
from interlock_agent.manifest import Item
from interlock_agent.sources import Fetched
from interlock_agent.stop import Stop, Stopped
from interlock_agent.stores import ResultStore, StoreUnavailable

_MOST_NAMES = 100

RunItem: TypeAlias = Callable[[Item], int]
"""Runs the script for one item and returns its code, negative for a signal."""


@dataclass(slots=True)
class Summary:
    """What became of each item of the task's share."""

    succeeded: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    not_started: list[str] = field(default_factory=list)
    return_code: int = 0

    def as_dict(self) -> Mapping[str, Any]:
        """Return the counts, and the names as far as they fit."""
        groups = {
            "succeeded": self.succeeded,
            "done_before": self.skipped,
            "failed": self.failed,
            "not_started": self.not_started,
        }
        return {name: {"count": len(names), "names": names[:_MOST_NAMES]} for name, names in groups.items()}


@dataclass(frozen=True, slots=True)
class Markers:
    """The marks that survive a task: which manifest the attempt goes by, and which items are done."""

    identity: Identity
    store: ResultStore
    log: Log

    def pin(self, manifest: Fetched) -> None:
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

    def mark(self, item: Item) -> None:
        """Record that the item is done; where that fails, a retry would do it again, and the log says so."""
        done = {"id": item.name, "execution": self.identity.execution, "task_attempt": self.identity.task_attempt}
        try:
            self.store.create(self._name(item), done)
        except StoreUnavailable as problem:
            self.log.failure("an item is done but could not be marked", item=item.name, problem=str(problem))

    def _name(self, item: Item) -> str:
        return f"{self.identity.attempt_prefix}/items/{item.index}.json"


def run_share(items: Sequence[Item], run_item: RunItem, *, markers: Markers, goes_on: bool, stop: Stop) -> Summary:
    """Run the items in their order until one fails (or all, where the manifest goes on) or the platform ends it."""
    summary = Summary()
    for item in items:
        if stop.is_asked or (summary.failed and not goes_on):
            summary.not_started.append(item.name)
        elif markers.is_done(item):
            summary.skipped.append(item.name)
        else:
            _run(item, run_item, summary, markers)
    return summary


def _run(item: Item, run_item: RunItem, summary: Summary, markers: Markers) -> None:
    markers.log.info("item started", item=item.name, item_index=item.index)
    try:
        code = run_item(item)
    except Stopped:
        summary.not_started.append(item.name)
        return
    if code == 0:
        markers.mark(item)
        summary.succeeded.append(item.name)
        return
    markers.log.failure("item failed", item=item.name, item_index=item.index, return_code=code)
    summary.failed.append(item.name)
    summary.return_code = summary.return_code or code
