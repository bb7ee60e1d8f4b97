"""A lane as JSON for programs."""

from typing import Any

from interlock.domain.releases.lane import Lane


def lane_document(lane: Lane) -> dict[str, Any]:
    """Return who holds the lane and who waits for it, in the queue's order."""
    queue = [
        {"release_id": one.release_id, "publish_time": one.publish_time.isoformat(), "replaceable": one.replaceable}
        for one in lane.queue
    ]
    return {"lane": lane.key, "holders": list(lane.holders), "queue": queue}
