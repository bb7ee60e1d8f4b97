"""Cold starts: from the spawn of the framework's process to its first good answer, and what it holds then."""

from collections import defaultdict
from pathlib import Path
from statistics import median

from bench.events import MAKERS, Request, a_release, completion, push
from bench.processes import Function, Google, environment, function, loaded_modules
from bench.results import Findings, Ratio, Table, Target, ms

HELD = ("dispatch_release", "report_status", "alert_dead_letter")
FUNCTIONS = (*HELD, "reconcile_releases")
BARE = {name: f"bare_{name}" for name in FUNCTIONS}
"""Which function makes only the calls of each."""
SUBJECTS = ("empty", *FUNCTIONS, *BARE.values(), "sample")
DEARER = 1.15
"""How many times what the bare calls take, a function may take at most."""


def event_for(name: str, starter: Function) -> Request:
    """Return what the subject answers well; a completion is that of a release which the dispatcher starts for it."""
    if name != "report_status":
        return MAKERS.get(name, MAKERS["empty"])()
    release = a_release()
    starter.first_answer(push(release))
    return completion(release["release_id"])


def measure(side: Google, folder: Path, *, rounds: int) -> Findings:
    """Start each once per round, in turn."""
    settings = environment(side, folder)
    seconds: dict[str, list[float]] = defaultdict(list)
    memory: dict[str, list[float]] = defaultdict(list)
    with function("dispatch_release", settings) as starter:
        for _ in range(rounds):
            for name in SUBJECTS:
                event = event_for(name, starter)
                with function(name, settings) as started:
                    seconds[name].append(started.first_answer(event))
                    memory[name].append(started.resident_mb())
        modules = {name: len(loaded_modules(name, settings, event_for(name, starter))) for name in SUBJECTS}
    return _findings(seconds, memory, modules)


def _findings(seconds: dict[str, list[float]], memory: dict[str, list[float]], modules: dict[str, int]) -> Findings:
    times = {name: Ratio.of(seconds[name], seconds["empty"]) for name in SUBJECTS}
    sizes = {name: Ratio.of(memory[name], memory["empty"]) for name in SUBJECTS}
    header = ("function", "ms", "× empty", "MB", "× empty", "modules")
    rows = [
        (
            *(name, ms(median(seconds[name])), str(times[name])),
            *(f"{median(memory[name]):.1f}", str(sizes[name]), str(modules[name])),
        )
        for name in SUBJECTS
    ]
    about = (
        "Spawn to first good answer, and the memory then: all processes of the framework, shared pages once. "
        "What `bare_…` does is at the end of this page."
    )
    gets = {
        name: {
            "cold start": f"{median(seconds[name]):.2f} s",
            "× empty": f"{times[name].value:.2f}",
            "memory": f"{median(memory[name]):.0f} MB",
        }
        for name in FUNCTIONS
    }
    targets = [
        target
        for name in HELD
        for what, found in (("cold start", seconds), ("memory", memory))
        for target in _targets(f"{what} of {name}", found, name)
    ]
    bars = {f"cold start: {name}": times[name].value for name in SUBJECTS}
    raw = {"seconds": seconds, "memory_mb": memory, "modules": modules}
    return Findings([Table("Cold start", about, header, rows)], targets, bars, raw, gets)


def _targets(what: str, found: dict[str, list[float]], name: str) -> list[Target]:
    bare, sample = Ratio.of(found[name], found[BARE[name]]), Ratio.of(found[name], found["sample"])
    beneath = {BARE[name]: Ratio.of(found[BARE[name]], found["sample"])}
    return [
        Target(f"{what}, × its bare calls", bare.value, DEARER, str(bare)),
        Target(f"{what}, × sample", sample.value, 1, str(sample), floors=beneath),
    ]
