"""End to end on the local stack: from publish to the script's first line, and from its exit to the status event."""

import json
import time
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from bench.results import Findings, Table, ms, percentile
from interlock_local.stack.control import start, stop
from tests.e2e.stack import Stack, Tail, plan_for

SCRIPT = 'echo "start $EPOCHREALTIME $RELEASE_ID" >> "$RELEASE_PARAM_TALLY"'
END = 'echo "end $EPOCHREALTIME $RELEASE_ID" >> "$RELEASE_PARAM_TALLY"'
PATIENCE_SECONDS = 240.0


def measure(folder: Path, *, releases: int) -> Findings:
    """Send releases one by one, then all at once, each to a target of its own."""
    stack = Stack(plan_for(folder / "stack"))
    start(stack.plan)
    try:
        with stack.tail() as tail:
            _run(stack, tail, folder / "warm-up", 2, at_once=True)
            alone = _run(stack, tail, folder / "alone", max(5, releases // 3), at_once=False)
            crowd = _run(stack, tail, folder / "crowd", releases, at_once=True)
    finally:
        stop(stack.plan.state)
    header = (
        "releases",
        "publish → first line: p50 ms",
        "p99 ms",
        "exit → status event: p50 ms",
        "p99 ms",
        "per minute",
    )
    about = "The whole system on this machine, agent and stand-ins of Google's side included: two cores share it all."
    rows = [_row("one by one", alone), _row(f"{releases} at once", crowd)]
    return Findings([Table("End to end", about, header, rows)])


def _run(stack: Stack, tail: Tail, tally: Path, count: int, *, at_once: bool) -> dict[str, Any]:
    template = stack.a_request(script=f"{SCRIPT}\n{END}", params={"TALLY": str(tally)})
    published: dict[str, float] = {}
    told: dict[str, float] = {}
    begun = time.time()
    for number in range(count):
        name = f"{tally.name}-{number}"
        published[name] = time.time()
        stack.publish({**template, "release_id": name, "service": name})
        if not at_once:
            _listen(tail, told, set(published))
    _listen(tail, told, set(published))
    marks = {tuple(line.split()[::2]): float(line.split()[1]) for line in tally.read_text().splitlines()}
    return {
        "begin": [marks["start", name] - at for name, at in published.items()],
        "end": [at - marks["end", name] for name, at in told.items()],
        "per_minute": count / (max(told.values()) - begun) * 60,
    }


def _listen(tail: Tail, told: dict[str, float], wanted: AbstractSet[str]) -> None:
    """Note when each closing event was published, until all these are told; of others one may come again."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while told.keys() < wanted:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(told)} of {len(wanted)} releases closed")
        found = tail.subscriber.pull(subscription=tail.subscription, max_messages=1000, timeout=30).received_messages
        for one in found:
            event = json.loads(one.message.data)
            if event.get("outcome") and event["release_id"] in wanted:
                told.setdefault(event["release_id"], one.message.publish_time.timestamp())
        if found:
            ids = [one.ack_id for one in found]
            tail.subscriber.acknowledge(subscription=tail.subscription, ack_ids=ids, timeout=30)
        time.sleep(0.05)


def _row(name: str, found: dict[str, Any]) -> tuple[str, ...]:
    begin, end = found["begin"], found["end"]
    times = (percentile(begin, 0.5), percentile(begin, 0.99), percentile(end, 0.5), percentile(end, 0.99))
    return name, *map(ms, times), f"{found['per_minute']:.0f}"
