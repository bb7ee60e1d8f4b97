"""Warm events: each function under load at three concurrencies, beside the floors it is held to."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from statistics import median

from bench.cold import event_for
from bench.events import BARE_AS, Request, a_release, completion, push
from bench.processes import Function, Google, environment, function, send_load
from bench.results import Findings, Ratio, Table, Target, ms, percentile

COMPARED = ("dispatch_release", "bare", "content", "decided")
FLOORS = {**dict.fromkeys((*COMPARED, "naive"), "bare"), **BARE_AS}
"""Which calls stand beneath each: `bare` makes those of a dispatch, or those of the function that it is told."""
SUBJECTS = ("empty", *COMPARED, *chain.from_iterable(BARE_AS.items()), "naive")
CONCURRENCIES = (1, 8, 32)
SHARES = {"naive": 5}
"""The naive one is sent so many times fewer events: it is that slow."""


@dataclass
class Warm:
    """What one function did at one concurrency, round by round."""

    per_second: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    calls: Mapping[str, float] = field(default_factory=dict)


Found = dict[tuple[str, int], Warm]


def measure(side: Google, folder: Path, *, rounds: int, events: int) -> Findings:
    """Send every function its batch in turn, round after round."""
    settings = environment(side, folder)
    found: Found = defaultdict(Warm)
    with ExitStack() as ends:
        processes = ("empty", *COMPARED, *BARE_AS, "naive")
        functions = {name: ends.enter_context(function(name, settings)) for name in processes}
        for name, one in functions.items():
            one.first_answer(event_for(name))
            send_load(one, [event_for(name) for _ in range(20)], 4)
        functions |= dict.fromkeys(BARE_AS.values(), functions["bare"])
        for concurrency in CONCURRENCIES:
            for turn in range(rounds):
                _round(side, _in_turn(functions, turn), concurrency, events, found)
    return _findings(found)


def _in_turn(functions: Mapping[str, Function], turn: int) -> Mapping[str, Function]:
    """Return them in the order of this round: those compared change sides, so that none always comes first."""
    compared = COMPARED[::-1] if turn % 2 else COMPARED
    return {name: functions[name] for name in ("empty", *compared, *SUBJECTS[1 + len(COMPARED) :])}


def _round(side: Google, functions: Mapping[str, Function], concurrency: int, events: int, found: Found) -> None:
    releases = [a_release() for _ in range(events)]
    side.reset()
    for name, one in functions.items():
        requests: Sequence[Request] = [event_for(name) for _ in range(max(8, events // SHARES.get(name, 1)))]
        if name == "dispatch_release":
            requests = [push(release) for release in releases]
        if name == "report_status":  # what dispatch has just started comes to its end
            requests = [completion(release["release_id"]) for release in releases]
        _batch(side, one, requests, concurrency, found[name, concurrency])


def _batch(side: Google, one: Function, requests: Sequence[Request], concurrency: int, warm: Warm) -> None:
    calls, cpu = side.counts(), one.cpu_seconds()
    result = send_load(one, requests, concurrency)
    used, after = one.cpu_seconds() - cpu, side.counts()
    if bad := [status for status in result["statuses"] if status >= 300]:
        raise RuntimeError(f"{one.name} answered {bad[0]} to {len(bad)} of {len(requests)} events")
    warm.per_second.append(len(requests) / result["took"])
    warm.cpu.append(used / len(requests))
    warm.p99.append(percentile(result["seconds"], 0.99))
    warm.seconds += result["seconds"]
    warm.calls = {name: (after[name] - calls.get(name, 0)) / len(requests) for name in sorted(after)}


def _findings(found: Found) -> Findings:
    figures = ("events/s", "× empty", "× bare", "p50 ms", "p99 ms", "CPU ms", "CPU × bare")
    header = ("function", "at once", *figures, "calls per event")
    rows = [_row(name, concurrency, found) for concurrency in CONCURRENCIES for name in SUBJECTS]
    about = (
        "`bare` makes the calls of one dispatch, or of the function it is told, its requests lying ready: each is held "
        "to its own. `content` makes those of a dispatch and has libraries read, judge, hash and encode what they "
        "carry; `decided` sends what Interlock's pure decisions ask for by the shortest way; `naive` is a dispatcher "
        "as samples write it."
    )
    targets = [one for concurrency in CONCURRENCIES for one in _targets(found, concurrency)]
    bars = {f"warm CPU, 8 at once: {name}": _beside(found, name, 8, "cpu").value for name in FLOORS}
    raw = {f"{name} at {concurrency}": _rounds(found[name, concurrency]) for name, concurrency in found}
    return Findings([Table("A warm event", about, header, rows)], targets, bars, raw)


def _rounds(warm: Warm) -> Mapping[str, object]:
    """Return what each round came to, without its thousands of single times."""
    return {name: value for name, value in vars(warm).items() if name != "seconds"}


def _row(name: str, concurrency: int, found: Found) -> tuple[str, ...]:
    warm, empty = found[name, concurrency], found["empty", concurrency]
    kinds = ("BatchGetDocuments", "Commit", "RunQuery", "RunJob", "Publish")
    calls = [f"{warm.calls[kind]:.3g} {kind}" for kind in kinds if warm.calls.get(kind)]
    speed, cpu = (
        str(_beside(found, name, concurrency, what)) if name in FLOORS else "" for what in ("per_second", "cpu")
    )
    return (
        *(name, str(concurrency), f"{median(warm.per_second):.0f}"),
        *(str(Ratio.of(warm.per_second, empty.per_second)), speed),
        *(ms(percentile(warm.seconds, 0.5)), ms(percentile(warm.seconds, 0.99)), ms(median(warm.cpu)), cpu),
        ", ".join(calls) or "none",
    )


def _beside(found: Found, name: str, concurrency: int, what: str) -> Ratio:
    """Return how the function stands to the bare calls beneath it."""
    ours, bare = found[name, concurrency], found[FLOORS[name], concurrency]
    return Ratio.of(getattr(ours, what), getattr(bare, what))


def _targets(found: Found, concurrency: int) -> list[Target]:
    speed, cpu, tail = (_beside(found, "dispatch_release", concurrency, what) for what in ("per_second", "cpu", "p99"))
    ours, bare, naive = (found[name, concurrency].per_second for name in ("dispatch_release", "bare", "naive"))
    gain, most = Ratio.of(ours, naive), {"bare": Ratio.of(bare, naive)}
    beneath = {
        what: {name: _beside(found, name, concurrency, what) for name in ("content", "decided")}
        for what in ("per_second", "cpu", "p99")
    }
    dispatch = f"of a dispatch at {concurrency}"
    return [
        Target(
            f"throughput {dispatch}, × bare", speed.value, 0.9, str(speed), at_least=True, floors=beneath["per_second"]
        ),
        Target(f"CPU {dispatch}, × bare", cpu.value, 1.15, str(cpu), floors=beneath["cpu"]),
        Target(f"p99 {dispatch}, × bare", tail.value, 1.2, str(tail), floors=beneath["p99"]),
        Target(f"throughput {dispatch}, × naive", gain.value, 20, str(gain), at_least=True, floors=most),
    ]
