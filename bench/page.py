"""The page that a bench writes: targets, tables, machine, limits."""

from collections.abc import Iterator, Mapping, Sequence

from bench.results import Findings, Table, Target

HEAD = """# Performance

`make bench` measures this and writes this page; nothing here is typed by hand.

## What a user gets

The functions as they are deployed: Google's own names over TLS, with credentials of the metadata server, results in a
bucket. Seconds are this machine's; what carries over to another is how many times an empty function they are.

"""
TARGETS = """
Every comparison was interleaved in one run.
A ratio is that of the medians, with the middle half of its rounds behind it.
A function is held to its *bare calls*: a function that opens the same official clients and makes the same calls in the
same order, and does nothing else. `sample` is a dispatcher as the samples of Google's libraries write it.
Where a target is missed, the ratios of what lies beneath it stand beside it: what they miss, no function can meet.

![How many times the floor](performance.svg)
"""
LIMITS = """
## How it was measured

- Google's side is one process on loopback: Firestore, Pub/Sub and Cloud Run in gRPC, Cloud Storage in JSON, and the
  metadata server. Its certificate bears `*.googleapis.com`, of an authority that gRPC and requests are told to trust,
  and a proxy (`https_proxy`) leads all of Google's names to it. So the functions run unchanged, settings included.
- Its answers cost little and no network lies between. What a call costs at Google is not in these figures; how many
  calls an event makes is on [a page of its own](performance-calls.md).
- The load, Google's side, its proxy and the function share the machine. Where two cores are all there is, throughput at
  8 and 32 is that of all together; the CPU per event is the function's alone. Events a second and core are of that CPU.
- A bare function loads its clients before its worker is forked, as the functions do, and connects after. Its requests
  are mappings that the client turns into messages; nothing is retried, no answer looked at, nothing logged.
- `sample` makes each client where it is used, as its snippet does: it asks for a token and connects for every event.
- The end of a release reads what the agent left in the bucket: who owns the attempt, and one task's result.
- Each dead letter is of a place of its own. Those of one incident wait for each other, in the ledger.
- A processor's time is counted in ticks of 10 ms, a batch is some fifty of them.
- The ledger's figures are of a process that calls Firestore as the functions do; Google's emulator is in plaintext, and
  so is the local stack from end to end.
"""


def page(findings: Sequence[Findings], machine: Mapping[str, str]) -> str:
    """Return the page in Markdown."""
    tables = [table for one in findings for table in one.tables]
    targets = [target for one in findings for target in one.targets]
    parts = [HEAD + "\n".join(_gets(findings)), "\n## Targets", TARGETS, *target_rows(targets), ""]
    for table in tables:
        parts += [f"## {table.title}\n", f"{table.about}\n", *rows(table), ""]
    parts += ["## Where\n", *(f"- {name}: {value}" for name, value in machine.items()), LIMITS]
    return "\n".join(parts).rstrip() + "\n"


def _gets(findings: Sequence[Findings]) -> Iterator[str]:
    """Yield a row for each function, of what all parts found for a user."""
    found: dict[str, dict[str, str]] = {}
    for one in findings:
        for name, words in one.gets.items():
            found.setdefault(name, {}).update(words)
    header = list(dict.fromkeys(column for words in found.values() for column in words))
    lines = [(name, *(words.get(column, "") for column in header)) for name, words in found.items()]
    yield from rows(Table("", "", ("function", *header), lines))


def target_rows(targets: Sequence[Target]) -> Iterator[str]:
    """Yield the table of targets; one that is not met shows its floors, and which of them forbid it."""
    yield "| target | wanted | measured | | beneath it | forbidden by |"
    yield "|---|---|---|---|---|---|"
    for one in targets:
        met, floors, forbidden = "met", "", ""
        if not one.is_met:
            met, floors = "**not met**", "; ".join(f"`{name}`: {ratio}" for name, ratio in one.floors.items())
            forbidden = ", ".join(f"`{name}`" for name in one.forbidden_by) or "nothing measured"
        yield f"| {one.what} | {one.wanted} | {one.shown} | {met} | {floors} | {forbidden} |"


def rows(table: Table) -> Iterator[str]:
    """Yield the table's lines in Markdown."""
    yield f"| {' | '.join(table.header)} |"
    yield "|---" * len(table.header) + "|"
    for row in table.rows:
        yield f"| {' | '.join(row)} |"
