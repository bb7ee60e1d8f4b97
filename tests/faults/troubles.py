"""Leads a release into a server's fault."""

import json
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from google.cloud import run_v2

from interlock.entrypoints.reconcile_releases import LOST_AFTER
from interlock_local.stack import names
from tests.e2e.stack import wait_until
from tests.faults.bench import Bench, bears
from tests.faults.invariants import Fate
from tests.faults.proxy import Fault, Proxy
from tests.faults.server_cells import CODES, Cell

WITHIN_SECONDS = 180.0


def trouble(bench: Bench, cell: Cell) -> list[Fate]:
    """Have a release and one behind it meet the fault; return how both are to end."""
    return _SPECIAL.get((cell.call, cell.title), _SPECIAL_CALLS.get(cell.call, _usual))(bench, cell)


def _usual(bench: Bench, cell: Cell, **changes: Any) -> list[Fate]:
    """A release of a second, and another that waits for its lane: it must not start before the first is over."""
    request = bench.request("server", seconds=1, **changes)
    _add_faults(bench, cell, request["release_id"])
    bench.stack.publish(request)
    return [_fate(cell, request), _behind(bench, request)]


def _behind(bench: Bench, request: Mapping[str, Any]) -> Fate:
    wait_until(lambda: bench.state(request["release_id"]), within=WITHIN_SECONDS)
    behind = bench.request("behind", target_env=request["target_env"])
    bench.stack.publish(behind)
    return Fate(behind["release_id"])


def _add_faults(bench: Bench, cell: Cell, release_id: str) -> list[Fault]:
    return [_proxy(bench, cell).add(fault) for fault in cell.for_release(release_id)]


def _proxy(bench: Bench, cell: Cell) -> Proxy:
    if cell.server == "Firestore":
        assert bench.firestore
        return bench.firestore
    return bench.pubsub if cell.server == "Pub/Sub" else bench.cloud_run


def _fate(cell: Cell, request: Mapping[str, Any]) -> Fate:
    is_letter = cell.state == "rejected"
    return Fate(request["release_id"], cell.state, cell.runs, cell.executions, is_letter=is_letter)


def _down(bench: Bench, cell: Cell) -> list[Fate]:
    request = bench.request("outage", seconds=1)
    bench.stack.publish(request)
    _proxy(bench, cell).be_down(seconds=5)
    return [_fate(cell, request), _behind(bench, request)]


def _lagging(bench: Bench, cell: Cell, *, seconds: float) -> list[Fate]:
    request = bench.request("lagging", seconds=1)
    begun = time.monotonic()

    def hide(answer: bytes) -> bytes:
        page = run_v2.ListExecutionsResponse.deserialize(answer)
        if time.monotonic() < begun + seconds:
            page.executions = [one for one in page.executions if not bears(one, request["release_id"])]
        return run_v2.ListExecutionsResponse.serialize(page)

    bench.listing.append(hide)
    _add_faults(bench, cell, request["release_id"])
    bench.stack.publish(request)
    return [_fate(cell, request), _behind(bench, request)]


def _hidden(bench: Bench, cell: Cell) -> list[Fate]:
    """The first start is on its way until the release and the one behind it have closed; all others fail."""
    request = bench.request("hidden", seconds=1)
    release_id = request["release_id"]
    woken = bench.cloud_run.add(Fault("RunJob", (release_id,), before=lambda: _closed(bench, release_id)))
    _add_faults(bench, cell, release_id)
    bench.stack.publish(request)
    behind = _behind(bench, request)
    wait_until(lambda: woken.hits and bench.executions(release_id), within=WITHIN_SECONDS)
    execution = bench.executions(release_id)[0].name
    wait_until(lambda: bench.is_over(execution), within=WITHIN_SECONDS)
    return [_fate(cell, request), behind]


def _closed(bench: Bench, release_id: str) -> None:
    bench.stack.closed(release_id, within=WITHIN_SECONDS)


def _cancelled(bench: Bench, cell: Cell) -> list[Fate]:
    request = bench.request("stopping", waits=True)
    bench.stack.publish(request)
    wait_until(lambda: bench.is_running(request["release_id"]), within=WITHIN_SECONDS)
    release = bench.stack.release(request["release_id"])
    assert release
    code = next(code for code in CODES if code.name in cell.title)
    bench.cloud_run.add(Fault("CancelExecution", (str(release.execution),), code, arrives=False))
    bench.stack.publish({"cancel": request["release_id"]})
    return [_fate(cell, request)]


def _forgotten(bench: Bench, cell: Cell) -> list[Fate]:
    """Its execution is deleted; reconcile looks, and gives it up only when the grace has passed."""
    request = bench.request("forgotten")
    release_id = request["release_id"]
    bench.deafen(release_id)
    bench.stack.publish(request)
    behind = _behind(bench, request)
    bench.forget(wait_until(lambda: bench.ended(release_id) or "", within=WITHIN_SECONDS))
    for passed in (LOST_AFTER - timedelta(minutes=1), timedelta()):
        bench.age(release_id, passed)
        wait_until(lambda: bench.is_looked_at(release_id), within=WITHIN_SECONDS)
    assert bench.state(release_id) == "started", "given up within the grace"
    bench.age(release_id, timedelta(minutes=1))
    closed = bench.stack.closed(release_id, within=WITHIN_SECONDS)
    assert closed.result.reason == "execution_lost"
    return [_fate(cell, request), behind]


def _letter(bench: Bench, cell: Cell) -> list[Fate]:
    request = bench.request("unfit", task_count=0)
    _add_faults(bench, cell, request["release_id"])
    bench.stack.publish(request)
    return [_fate(cell, request)]


def _resume(bench: Bench, cell: Cell) -> list[Fate]:
    request = bench.request("waking", waits=True)
    behind = bench.request("woken", target_env=request["target_env"])
    _add_faults(bench, cell, behind["release_id"])
    bench.stack.publish(request)
    wait_until(lambda: bench.is_running(request["release_id"]), within=WITHIN_SECONDS)
    bench.stack.publish(behind)
    wait_until(lambda: bench.state(behind["release_id"]) == "queued", within=WITHIN_SECONDS)
    bench.door(request["release_id"]).touch()
    return [_fate(cell, request), Fate(behind["release_id"])]


def _deaf(bench: Bench, cell: Cell, *ways: str) -> list[Fate]:
    request = bench.request("unheard", seconds=1)
    bench.deafen(request["release_id"], *ways)
    bench.stack.publish(request)
    return [_fate(cell, request), _behind(bench, request)]


def _kept(bench: Bench, release_id: str) -> bytes:
    """Return the entry that nobody has heard, and let those to come be heard."""
    faults = bench.faults("report_status")
    wait_until(lambda: len(faults.kept(release_id)) > 1, within=WITHIN_SECONDS)
    for way in ("deaf_to_eventarc", "deaf_to_sink"):
        faults.disarm(release_id, way)
    return faults.kept(release_id)[0]


def _again(bench: Bench, cell: Cell, *, times: int = 6) -> list[Fate]:
    fates = _deaf(bench, cell)
    entry = _kept(bench, fates[0].release_id)
    for _ in range(times):
        bench.stack.publish(entry, topic=names.COMPLETIONS)
    return fates


def _afterwards(bench: Bench, cell: Cell) -> list[Fate]:
    fates = _deaf(bench, cell)
    wait_until(lambda: bench.state(fates[0].release_id) == "succeeded", within=WITHIN_SECONDS)
    bench.stack.publish(_kept(bench, fates[0].release_id), topic=names.COMPLETIONS)
    return fates


def _in_parts(bench: Bench, cell: Cell) -> list[Fate]:
    fates = _deaf(bench, cell)
    entry = json.loads(_kept(bench, fates[0].release_id))
    conditions = entry["protoPayload"]["response"].pop("status")
    parts = ({**entry, "split": _split(0)}, {**entry, "protoPayload": {"response": {"status": conditions}}})
    for index, part in enumerate(parts):
        document = {**part, "split": _split(index)}
        bench.stack.publish(document, topic=names.COMPLETIONS)
    return fates


def _split(index: int) -> dict[str, object]:
    return {"uid": "a-split", "index": index, "totalSplits": 2}


def _out_of_order(bench: Bench, cell: Cell) -> list[Fate]:
    """The first is closed by reconcile, the next ends and is told, and only then the first's own entry comes."""
    fates = _deaf(bench, cell)
    bench.stack.closed(fates[1].release_id, within=WITHIN_SECONDS)
    bench.stack.publish(_kept(bench, fates[0].release_id), topic=names.COMPLETIONS)
    return fates


Leader = Callable[[Bench, Cell], list[Fate]]
_SPECIAL_CALLS: Mapping[str, Leader] = {
    "CancelExecution": _cancelled,
    "GetExecution": _forgotten,
    "every call": _down,
    "every publish": _down,
    "publish of a dead letter": _letter,
    "publish of a resume": _resume,
}
_SPECIAL: Mapping[tuple[str, str], Leader] = {
    ("ListExecutions", "lags 2 s behind a start in doubt"): partial(_lagging, seconds=2),
    ("ListExecutions", "lags 8 s behind a start in doubt"): partial(_lagging, seconds=8),
    ("RunJob", "a hidden execution wakes after its release closed"): _hidden,
    ("entry", "comes by Eventarc alone"): lambda bench, cell: _deaf(bench, cell, "deaf_to_sink"),
    ("entry", "comes by the log sink alone"): lambda bench, cell: _deaf(bench, cell, "deaf_to_eventarc"),
    ("entry", "is lost both ways"): _deaf,
    ("entry", "comes five times more, at once"): _again,
    ("entry", "comes after reconcile has closed the release"): _afterwards,
    ("entry", "comes in two parts only"): _in_parts,
    ("entry", "of one release comes after that of the next in the lane"): _out_of_order,
}
