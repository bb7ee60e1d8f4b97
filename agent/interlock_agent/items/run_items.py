"""Runs the script once for each of a task's items; a retry of the task skips the items that are done."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from interlock_agent.items.checkpoints import Checkpoints
from interlock_agent.items.item_variables import item_variables
from interlock_agent.items.manifest import Item, Manifest
from interlock_agent.script.prepared_script import PreparedScript
from interlock_agent.script.termination import Terminated

_MOST_NAMES = 100


@dataclass(slots=True)
class ItemsSummary:
    """What became of each item of the task, and the code of the first that failed."""

    succeeded: list[str] = field(default_factory=list)
    done_before: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    not_started: list[str] = field(default_factory=list)
    return_code: int = 0

    def as_dict(self) -> Mapping[str, Any]:
        """Return the counts, and the names as far as they fit."""
        groups = {
            "succeeded": self.succeeded,
            "done_before": self.done_before,
            "failed": self.failed,
            "not_started": self.not_started,
        }
        return {name: {"count": len(names), "names": names[:_MOST_NAMES]} for name, names in groups.items()}


@dataclass(frozen=True, slots=True)
class ItemsRun:
    """One task's run through its items; `directory` takes the items' files and outputs."""

    script: PreparedScript
    checkpoints: Checkpoints
    directory: Path
    summary: ItemsSummary = field(default_factory=ItemsSummary)

    def run(self, manifest: Manifest) -> ItemsSummary:
        """Run the items in order until one fails (or all, where the manifest continues) or the task is terminated."""
        identity, summary = self.checkpoints.identity, self.summary
        items = manifest.items_of(identity.task_index, identity.task_count)
        self.checkpoints.log.info("items assigned", items=len(items), of=len(manifest.items), tasks=identity.task_count)
        self.directory.mkdir()
        for item in items:
            is_stopped = summary.failed and not manifest.continues_on_failure
            if is_stopped or self.script.termination.is_requested:
                summary.not_started.append(item.name)
            elif self.checkpoints.is_done(item):
                summary.done_before.append(item.name)
            else:
                self._run_item(item)
        return summary

    def _run_item(self, item: Item) -> None:
        log, summary = self.checkpoints.log, self.summary
        log.info("item started", item=item.name, item_index=item.index)
        try:
            return_code = self._run_script(item)
        except Terminated:
            summary.not_started.append(item.name)
            return
        if return_code == 0:
            self.checkpoints.mark_done(item)
            summary.succeeded.append(item.name)
            return
        log.failure("item failed", item=item.name, item_index=item.index, return_code=return_code)
        summary.failed.append(item.name)
        summary.return_code = summary.return_code or return_code

    def _run_script(self, item: Item) -> int:
        file = self.directory / f"{item.index}.json"
        file.write_text(json.dumps(item.value))
        outputs = self.directory / f"outputs-{item.index}"
        return self.script.run(outputs, item_variables(item, file), prefix=f"{item.name}.")
