"""Plays the script once for each item of this task's share of the manifest."""

import json
from pathlib import Path

from interlock_agent.deployment import Stage
from interlock_agent.manifest import Item, item_variables, read_manifest
from interlock_agent.shards import Markers, Summary, run_share


def play_share(path: Path, stage: Stage) -> Summary:
    """Read the manifest, hold it to the one that the attempt began with, and run the task's items."""
    own = stage.deployment
    manifest = read_manifest(path)
    markers = Markers(own.identity, own.store, own.scene.log)
    markers.pin(own.used["manifest"])
    items = manifest.share(own.identity.task_index, own.identity.task_count)
    own.scene.log.info("share taken", items=len(items), of=len(manifest.items), tasks=own.identity.task_count)
    directory = own.scene.directory / "items"
    directory.mkdir()

    def run_item(item: Item) -> int:
        file = directory / f"{item.index}.json"
        file.write_text(json.dumps(item.value))
        return stage.play(f"outputs-{item.index}", item_variables(item, file), prefix=f"{item.name}.")

    return run_share(items, run_item, markers=markers, goes_on=manifest.goes_on, stop=own.scene.stop)
