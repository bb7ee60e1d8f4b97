"""The page that a bench writes: targets, tables, machine, limits."""

from collections.abc import Iterator, Mapping, Sequence

from bench.results import Findings, Table, Target

HEAD = """# Performance

`make bench` measures this and writes this page; nothing here is typed by hand.
Every comparison was interleaved in one run.
A ratio is that of the medians, with the middle half of its rounds behind it.
A floor is a function that does only what cannot be left out: where it misses a target, so must whatever does more.

![How many times the floor](performance.svg)
"""
LIMITS = """
## Limits

- Google's side is a small server on loopback: its answers cost little and no network lies between. What a call costs
  at Google is not in these figures; how many calls an event makes is, and `tests/performance` holds it.
- The load, Google's side and the function share the machine. Where two cores are all there is, throughput at 8 and 32
  is that of the three together; the CPU per event is the function's alone.
- Endpoints on loopback are plaintext: no TLS, and `google-auth` is not loaded. A deployed function pays both once.
- A result store in a bucket is not measured; the functions read results from a directory here.
- `bare` sends ready requests and looks at no answer, so all else that a dispatch does is above the floor. `content`
  is the least that something in Python does to send the same records. `decided` is the least that keeps the contract:
  reading, judging, deciding and encoding, with nothing between that and the calls.
- A processor's time is counted in ticks of 10 ms, a batch is some hundred of them.
"""


def page(findings: Sequence[Findings], machine: Mapping[str, str]) -> str:
    """Return the page in Markdown."""
    tables = [table for one in findings for table in one.tables]
    targets = [target for one in findings for target in one.targets]
    parts = [HEAD, "## Targets\n", *target_rows(targets), ""]
    for table in tables:
        parts += [f"## {table.title}\n", f"{table.about}\n", *_rows(table), ""]
    parts += ["## Where\n", *(f"- {name}: {value}" for name, value in machine.items()), LIMITS]
    return "\n".join(parts).rstrip() + "\n"


def target_rows(targets: Sequence[Target]) -> Iterator[str]:
    """Yield the table of targets; one that is not met shows its floors, and which of them forbid it."""
    yield "| target | wanted | measured | | the floors beneath it | forbidden by |"
    yield "|---|---|---|---|---|---|"
    for one in targets:
        met, floors, forbidden = "met", "", ""
        if not one.is_met:
            met, floors = "**not met**", "; ".join(f"`{name}`: {ratio}" for name, ratio in one.floors.items())
            forbidden = ", ".join(f"`{name}`" for name in one.forbidden_by) or "nothing measured"
        yield f"| {one.what} | {one.wanted} | {one.shown} | {met} | {floors} | {forbidden} |"


def _rows(table: Table) -> Iterator[str]:
    yield f"| {' | '.join(table.header)} |"
    yield "|---" * len(table.header) + "|"
    for row in table.rows:
        yield f"| {' | '.join(row)} |"
