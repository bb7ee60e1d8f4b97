"""Cold starts: from the spawn of the framework's process to its first good answer, and what it holds then."""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.events import MAKERS, Request, completion
from bench.processes import Google, environment, function, loaded_modules
from bench.results import Findings, Ratio, Table, Target, ms

HELD_TO = ("dispatch_release", "report_status", "alert_dead_letter")
SUBJECTS = ("empty", *HELD_TO, "reconcile_releases", "bare", "records", "content", "naive")
FLOORS = {"dispatch_release": "content", "report_status": "records", "alert_dead_letter": "records"}
"""What each has to load whatever it does with it."""

ABOUT = {
    "bare": "bare (gRPC, protobuf and Google's messages alone)",
    "records": "records (those, and Interlock's records and pure decisions)",
    "content": "content (those of `bare`, a JSON Schema validator and an encoder)",
    "naive": "naive (all client libraries)",
}


def event_for(name: str) -> Request:
    """Return what the subject answers well without anything having gone before."""
    maker: Callable[[], Request] = MAKERS.get(name, lambda: completion("nobody"))
    return maker()


def measure(side: Google, folder: Path, *, rounds: int) -> Findings:
    """Start each once per round, in turn."""
    settings = environment(side, folder)
    seconds: dict[str, list[float]] = defaultdict(list)
    memory: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        for name in SUBJECTS:
            with function(name, settings) as started:
                seconds[name].append(started.first_answer(event_for(name)))
                memory[name].append(started.resident_mb())
    modules = {name: len(loaded_modules(name, settings, event_for(name))) for name in SUBJECTS}
    times = {name: Ratio.of(seconds[name], seconds["empty"]) for name in SUBJECTS}
    sizes = {name: Ratio.of(memory[name], memory["empty"]) for name in SUBJECTS}
    header = ("function", "ms", "× empty", "MB", "× empty", "modules")
    rows = [
        (
            ABOUT.get(name, name),
            *(ms(median(seconds[name])), str(times[name])),
            *(f"{median(memory[name]):.1f}", str(sizes[name]), str(modules[name])),
        )
        for name in SUBJECTS
    ]
    about = "Spawn to first good answer, and the memory then: all processes of the framework, shared pages once."
    targets = [one for name in HELD_TO for one in _targets(name, times, sizes)]
    bars = {f"cold start: {name}": times[name].value for name in SUBJECTS}
    raw = {"seconds": seconds, "memory_mb": memory, "modules": modules}
    return Findings([Table("Cold start", about, header, rows)], targets, bars, raw)


def _targets(name: str, times: dict[str, Ratio], sizes: dict[str, Ratio]) -> list[Target]:
    time, size, floor = times[name], sizes[name], FLOORS[name]
    return [
        Target(f"cold start of {name}, × empty", time.value, 2.0, str(time), floors={floor: times[floor]}),
        Target(f"memory of {name}, × empty", size.value, 1.6, str(size), floors={floor: sizes[floor]}),
    ]
