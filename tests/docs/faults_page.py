"""Draws docs/faults.md from the cells that the fault tests strike; the tests hold each cell to what its row says."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.faults import crash_cells, server_cells

FAULTS = Path(__file__).parents[2] / "docs" / "faults.md"
INTRODUCTION = """# What was broken, and what became of it

Every cell is one release on the local stack, led to one place, where one thing is broken.
`python -m tests.docs.generate` writes this page from the cells that `tests/faults` strikes.
`pytest -m slow tests/faults` strikes them all, prints the tables with what it saw, and fails if a cell ends otherwise.

The same rules hold in every cell (`tests/faults/invariants.py`):

- the script runs as often as the table says, and never twice for an attempt;
- the release ends in exactly one closing state, told at least once and always under the same event id;
- its sequence rises, and nothing is left to be sent;
- no lane is held by it, and no two scripts of one lane run at once.

## A function is killed

SIGKILL to the whole instance, after the one effect and before the other.
"RunJob sent" and "published, unanswered" are struck from outside, by a proxy before the server.
Then nobody helps but redelivery and `reconcile_releases`.
The test also collects every place that a function passes, and fails if one of them has no cell.
"""
MISSING = """
### Cells that are not there

| cell | why |
|---|---|
"""
SERVERS = """
## A server fails

Where a lane is free again, another release waits in it, and must not start before the first is over.
A fault that no call has met counts as a failure.
A proxy before the real server plays the fault, with all of gRPC between; audit entries go through Pub/Sub.
"""


FOUND = """
## What the cells have found

- A start refused for good had closed its release although the job ran, beside the next of its lane
  ([decision](decisions/2026-11-23-refusals-are-checked.md)).
- A release whose job was gone, and whose starter was killed before it noted the refusal, was looked for for ever.
- A release put back for overload was left for five minutes when reconcile was killed between noting and resuming it.
"""


def page() -> str:
    """Return docs/faults.md."""
    killed, servers = (INTRODUCTION, *_killed(), MISSING.rstrip(), *_missing()), (SERVERS, *_servers())
    return "\n".join((*killed, *servers, FOUND))


def _killed() -> Iterator[str]:
    yield "| function | the release | killed after | and before | ends | runs |"
    yield "|---|---|---|---|---|---|"
    yield from map(killed_row, crash_cells.cells())


def killed_row(cell: crash_cells.Cell) -> str:
    """Return the row of a function killed in one place."""
    life = cell.life
    return f"| {life.function} | {life.title} | {cell.after} | {cell.before} | {life.state} | {life.runs} |"


def _missing() -> Iterator[str]:
    for name, why in crash_cells.MISSING.items():
        yield f"| {name} | {why} |"


def _servers() -> Iterator[str]:
    yield "| server | call | fault | ends | runs |"
    yield "|---|---|---|---|---|"
    yield from map(server_row, every_server_cell())


def server_row(cell: server_cells.Cell) -> str:
    """Return the row of a server that fails in one way."""
    return f"| {cell.server} | {cell.call} | {cell.title} | {cell.state} | {cell.runs} |"


def every_server_cell() -> Iterable[server_cells.Cell]:
    """Return the cells of all servers, in the page's order."""
    return (
        *server_cells.cloud_run_cells(),
        *server_cells.pubsub_cells(),
        *server_cells.firestore_cells(),
        *server_cells.AUDIT_CELLS,
    )
