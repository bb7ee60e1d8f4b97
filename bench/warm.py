"""Warm events: each function under load at three concurrencies, beside its bare calls."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.cold import BARE, FUNCTIONS, HELD, SUBJECTS, event_for
from bench.events import MAKERS, Request, a_release, completion, push
from bench.processes import Function, Google, environment, function, send_load
from bench.results import Findings, Ratio, Table, Target, ms, percentile

BENEATH = {**BARE, "sample": BARE["dispatch_release"]}
CONCURRENCIES = (1, 8, 32)
USUAL = 8
"""The concurrency that the page's head and chart show."""
SHARES = {"sample": 5}
"""It is sent so many times fewer events: it is that slow."""
KINDS = ("BatchGetDocuments", "Commit", "RunQuery", "RunJob", "Publish", "GetObject", "ListObjects", "InsertObject")


@dataclass
class Warm:
    """What one function did at one concurrency, round by round."""

    per_second: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    calls: Mapping[str, float] = field(default_factory=dict)


Found = dict[tuple[str, int], Warm]


def measure(side: Google, folder: Path, *, rounds: int, events: int) -> Findings:
    """Send every function its batch in turn, round after round."""
    settings = environment(side, folder)
    found: Found = defaultdict(Warm)
    with ExitStack() as ends:
        functions = {name: ends.enter_context(function(name, settings)) for name in SUBJECTS}
        releases = [a_release() for _ in range(20)]
        for name, one in functions.items():
            one.first_answer(event_for(name, functions["dispatch_release"]))
            send_load(one, _requests(name, releases), 4)
        for concurrency in CONCURRENCIES:
            for turn in range(rounds):
                _round(side, _in_turn(functions, turn), concurrency, events, found)
    return _findings(found)


def _in_turn(functions: Mapping[str, Function], turn: int) -> Mapping[str, Function]:
    """Return them in the order of this round: each and its bare calls change sides, so that neither always is first."""
    pairs = [pair[::-1] if turn % 2 else pair for pair in BARE.items()]
    return {name: functions[name] for name in ("empty", *(name for pair in pairs for name in pair), "sample")}


def _round(side: Google, functions: Mapping[str, Function], concurrency: int, events: int, found: Found) -> None:
    releases = [a_release() for _ in range(events)]
    side.reset()
    for name, one in functions.items():
        count = max(8, events // SHARES.get(name, 1))
        _batch(side, one, _requests(name, releases[:count]), concurrency, found[name, concurrency])


def _requests(name: str, releases: Sequence[Mapping[str, str]]) -> Sequence[Request]:
    if name == "dispatch_release":
        return [push(release) for release in releases]
    if name == "report_status":  # what dispatch has just started comes to its end
        return [completion(release["release_id"]) for release in releases]
    return [MAKERS.get(name, MAKERS["empty"])() for _ in releases]


def _batch(side: Google, one: Function, requests: Sequence[Request], concurrency: int, warm: Warm) -> None:
    calls, cpu = side.counts(), one.cpu_seconds()
    result = send_load(one, requests, concurrency)
    used, after = one.cpu_seconds() - cpu, side.counts()
    if bad := [status for status in result["statuses"] if status >= 300]:
        raise RuntimeError(f"{one.name} answered {bad[0]} to {len(bad)} of {len(requests)} events")
    warm.per_second.append(len(requests) / result["took"])
    warm.cpu.append(used / len(requests))
    warm.seconds += result["seconds"]
    warm.calls = {name: (after[name] - calls.get(name, 0)) / len(requests) for name in sorted(after)}


def _findings(found: Found) -> Findings:
    figures = ("events/s", "× empty", "× bare", "p50 ms", "p99 ms", "CPU ms", "CPU × bare")
    header = ("function", "at once", *figures, "calls per event")
    rows = [_row(name, concurrency, found) for concurrency in CONCURRENCIES for name in SUBJECTS]
    about = "Each function is held to its own bare calls, and `sample` to those of a dispatch."
    gets = {
        name: {"events a second and core": f"{1 / median(found[name, USUAL].cpu):.0f}", "calls an event": calls}
        for name in FUNCTIONS
        if (calls := _calls(found[name, 1]))
    }
    targets = [one for name in HELD for concurrency in CONCURRENCIES for one in _targets(found, name, concurrency)]
    bars = {f"CPU of an event: {name}": _beside(found, name, USUAL, "cpu").value for name in BENEATH}
    raw = {f"{name} at {concurrency}": _rounds(found[name, concurrency]) for name, concurrency in found}
    return Findings([Table("A warm event", about, header, rows)], targets, bars, raw, gets)


def _rounds(warm: Warm) -> Mapping[str, object]:
    """Return what each round came to, without its thousands of single times."""
    return {name: value for name, value in vars(warm).items() if name != "seconds"}


def _row(name: str, concurrency: int, found: Found) -> tuple[str, ...]:
    warm, empty = found[name, concurrency], found["empty", concurrency]
    speed, cpu = (
        str(_beside(found, name, concurrency, what)) if name in BENEATH else "" for what in ("per_second", "cpu")
    )
    return (
        *(name, str(concurrency), f"{median(warm.per_second):.0f}"),
        *(str(Ratio.of(warm.per_second, empty.per_second)), speed),
        *(ms(percentile(warm.seconds, 0.5)), ms(percentile(warm.seconds, 0.99)), ms(median(warm.cpu)), cpu),
        _calls(warm) or "none",
    )


def _calls(warm: Warm) -> str:
    return ", ".join(f"{warm.calls[kind]:.3g} {kind}" for kind in KINDS if warm.calls.get(kind))


def _beside(found: Found, name: str, concurrency: int, what: str) -> Ratio:
    """Return how the function stands to the bare calls beneath it."""
    ours, bare = found[name, concurrency], found[BENEATH[name], concurrency]
    return Ratio.of(getattr(ours, what), getattr(bare, what))


def _targets(found: Found, name: str, concurrency: int) -> list[Target]:
    where = f"of {name} at {concurrency}"
    speed, cpu = (_beside(found, name, concurrency, what) for what in ("per_second", "cpu"))
    targets = [
        Target(f"CPU {where}, × its bare calls", cpu.value, 1.4, str(cpu)),
        Target(f"throughput {where}, × its bare calls", speed.value, 0.75, str(speed), at_least=True),
    ]
    if name == "dispatch_release":
        ours, bare, sample = (found[one, concurrency].per_second for one in (name, BARE[name], "sample"))
        gain, most = Ratio.of(ours, sample), {BARE[name]: Ratio.of(bare, sample)}
        targets.append(Target(f"throughput {where}, × sample", gain.value, 5, str(gain), at_least=True, floors=most))
    return targets
