"""Leads a release to the place where its function is to be lost."""

from collections.abc import Callable, Mapping
from typing import Any

import grpc

from interlock_local.stack import names
from tests.e2e.stack import wait_until
from tests.faults.bench import GONE, STILLBORN, Bench
from tests.faults.crash_cells import Cell
from tests.faults.invariants import Fate
from tests.faults.proxy import Fault

WITHIN_SECONDS = 180.0
"""Functions that are killed every few seconds take their time; none of this waits for longer than it must."""
Struck = tuple[Callable[[], bool], list[Fate]]
"""Whether the function has been lost by now, and how everybody involved is to end."""


def strike(bench: Bench, cell: Cell) -> Struck:
    """Arm the cell and lead a release there."""
    return _LEADERS[cell.life.name](bench, cell)


def _arm(bench: Bench, cell: Cell, release_id: str) -> Callable[[], bool]:
    if cell.killer != "inside":
        return _arm_server(bench, cell, release_id)
    faults = bench.faults(cell.life.function)
    faults.arm(release_id, cell.point)
    return lambda: not faults.is_armed(release_id, cell.point)


def _arm_server(bench: Bench, cell: Cell, release_id: str) -> Callable[[], bool]:
    fault = Fault(cell.point, (release_id,))
    setattr(fault, cell.killer.removeprefix("at_server_"), lambda: bench.kill(cell.life.function))
    (bench.cloud_run if cell.point == "RunJob" else bench.pubsub).add(fault)
    return lambda: fault.hits == 1


def _fate(cell: Cell, release_id: str) -> Fate:
    is_unowned = cell.life.name.startswith("unowned")
    return Fate(
        release_id,
        cell.life.state,
        cell.life.runs,
        executions=1 if is_unowned else cell.life.runs,
        is_letter=cell.life.name in ("refused", "rejected", "buried"),
        is_sealed=is_unowned or cell.life.name == "refused",
    )


def _fresh(bench: Bench, cell: Cell, **changes: Any) -> Struck:
    request = bench.request(cell.life.name.replace("_", "-"), **changes)
    is_struck = _arm(bench, cell, request["release_id"])
    bench.stack.publish(request)
    return is_struck, [_fate(cell, request["release_id"])]


def _refused(bench: Bench, cell: Cell) -> Struck:
    return _fresh(bench, cell, service=GONE)


def _rejected(bench: Bench, cell: Cell) -> Struck:
    return _fresh(bench, cell, task_count=0)


def _taken_over(bench: Bench, cell: Cell) -> Struck:
    request = bench.request("taken-over")
    bench.faults(cell.life.function).arm(request["release_id"], "before_run_job")
    bench.stack.publish(request)
    wait_until(
        lambda: not bench.faults(cell.life.function).is_armed(request["release_id"], "before_run_job"),
        within=WITHIN_SECONDS,
    )
    return _arm(bench, cell, request["release_id"]), [_fate(cell, request["release_id"])]


def _running(bench: Bench, name: str, **changes: Any) -> dict[str, Any]:
    request = bench.request(name, waits=True, **changes)
    bench.stack.publish(request)
    wait_until(lambda: bench.is_running(request["release_id"]), within=WITHIN_SECONDS)
    return request


def _queued(bench: Bench, cell: Cell) -> Struck:
    holder = _running(bench, "holder")
    request = bench.request("queued", target_env=holder["target_env"])
    is_struck = _arm(bench, cell, request["release_id"])
    bench.stack.publish(request)
    wait_until(is_struck, within=WITHIN_SECONDS)
    wait_until(lambda: bench.state(request["release_id"]) == "queued", within=WITHIN_SECONDS)
    bench.door(holder["release_id"]).touch()
    return is_struck, [Fate(holder["release_id"]), _fate(cell, request["release_id"])]


def _pair(bench: Bench, cell: Cell) -> tuple[str, str]:
    """Return a running release and one that waits behind it; its life ends when its door is opened."""
    holder = _running(bench, "holder")
    request = bench.request(cell.life.name, target_env=holder["target_env"])
    bench.stack.publish(request)
    wait_until(lambda: bench.state(request["release_id"]) == "queued", within=WITHIN_SECONDS)
    return holder["release_id"], request["release_id"]


def _next(bench: Bench, cell: Cell) -> Struck:
    holder, waiting = _pair(bench, cell)
    wait_until(lambda: bench.stack.release(waiting).outbox.is_empty, within=WITHIN_SECONDS)  # type: ignore[union-attr]
    is_struck = _arm(bench, cell, waiting)
    bench.door(holder).touch()
    return is_struck, [Fate(holder), _fate(cell, waiting)]


def _ended(bench: Bench, cell: Cell) -> Struck:
    holder, waiting = _pair(bench, cell)
    is_struck = _arm(bench, cell, holder)
    bench.door(holder).touch()
    return is_struck, [_fate(cell, holder), Fate(waiting)]


def _cancelled(bench: Bench, cell: Cell) -> Struck:
    running = _running(bench, "cancelled")["release_id"]
    is_struck = _arm(bench, cell, running)
    bench.stack.publish({"cancel": running})
    return is_struck, [_fate(cell, running)]


def _asked_again(bench: Bench, cell: Cell) -> Struck:
    request = bench.request("asked-again")
    bench.stack.publish(request)
    bench.stack.closed(request["release_id"], within=WITHIN_SECONDS)
    wait_until(lambda: bench.news.has(request["release_id"], "succeeded"), within=WITHIN_SECONDS)
    is_struck = _arm(bench, cell, request["release_id"])
    bench.stack.publish(request)
    return is_struck, [_fate(cell, request["release_id"])]


def _buried(bench: Bench, cell: Cell) -> Struck:
    request = bench.request("buried")
    is_struck = _arm(bench, cell, request["release_id"])
    marks = {
        "CloudPubSubDeadLetterSourceDeliveryCount": "10",
        "CloudPubSubDeadLetterSourceSubscription": "dispatch-release",
        "CloudPubSubDeadLetterSourceSubscriptionProject": names.PROJECT,
        "CloudPubSubDeadLetterSourceTopicPublishTime": "2026-03-04T09:15:35.5+00:00",
    }
    bench.stack.publish(request, topic=names.DEAD_LETTERS, **marks)
    return is_struck, [_fate(cell, request["release_id"])]


def _overloaded(bench: Bench, cell: Cell) -> Struck:
    request = bench.request("overloaded")
    bench.cloud_run.add(Fault("RunJob", (request["release_id"],), grpc.StatusCode.RESOURCE_EXHAUSTED, arrives=False))
    is_struck = _arm(bench, cell, request["release_id"])
    bench.stack.publish(request)
    return is_struck, [_fate(cell, request["release_id"])]


def _unreported(bench: Bench, cell: Cell) -> Struck:
    request = bench.request("unreported")
    bench.deafen(request["release_id"])
    is_struck = _arm(bench, cell, request["release_id"])
    bench.stack.publish(request)
    return is_struck, [_fate(cell, request["release_id"])]


def _unowned(bench: Bench, cell: Cell) -> Struck:
    """Its first start is in doubt, its second fails before its agent has taken the fence."""
    request = bench.request("unowned", service=STILLBORN)
    doubt = Fault("RunJob", (request["release_id"],), grpc.StatusCode.DEADLINE_EXCEEDED, arrives=False)
    bench.cloud_run.add(doubt)
    is_struck = _arm(bench, cell, request["release_id"])
    if cell.life.waits_for_reconcile:
        bench.deafen(request["release_id"])
    bench.stack.publish(request)
    return is_struck, [_fate(cell, request["release_id"])]


_LEADERS: Mapping[str, Callable[[Bench, Cell], Struck]] = {
    "fresh": _fresh,
    "refused": _refused,
    "rejected": _rejected,
    "taken_over": _taken_over,
    "queued": _queued,
    "next": _next,
    "ended": _ended,
    "woken": _next,
    "cancelled": _cancelled,
    "asked_again": _asked_again,
    "buried": _buried,
    "overloaded": _overloaded,
    "unreported": _unreported,
    "unowned": _unowned,
    "unowned_unreported": _unowned,
}
