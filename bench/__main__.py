"""`make bench`: measures everything, writes docs/performance.* and prints the targets; 0 only if it ran whole."""

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import calls, cold, curves, end_to_end, ledgers, validation, warm
from bench.chart import chart
from bench.machine import machine
from bench.page import page, target_rows
from bench.processes import ROOT, Google, google
from bench.results import Findings


def parts(side: Google, folder: Path, *, quick: bool) -> Iterator[tuple[str, Callable[[], Findings]]]:
    """Yield the bench's parts in order."""
    yield "cold starts", lambda: cold.measure(side, folder, rounds=3 if quick else 9)
    yield "warm events", lambda: warm.measure(side, folder, rounds=3 if quick else 7, events=30 if quick else 80)
    yield "calls", lambda: calls.measure(side, folder)
    yield "validation", lambda: validation.measure(rounds=5 if quick else 15)
    yield "ledgers", lambda: ledgers.measure(side, folder, claims=30 if quick else 200)
    yield "cost curves", lambda: curves.measure(folder, sizes=(100, 1000, 10_000, *(() if quick else (100_000,))))
    yield "end to end", lambda: end_to_end.measure(folder, releases=10 if quick else 60)


def run(*, quick: bool) -> list[Findings]:
    """Measure all parts, telling on standard error how long each took."""
    found = []
    with google() as side, TemporaryDirectory() as folder:
        for name, measure in parts(side, Path(folder), quick=quick):
            start = time.monotonic()
            found.append(measure())
            print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    return found


def write(found: list[Findings], where: dict[str, str], folder: Path) -> None:
    """Write the page, the chart and the figures."""
    folder.mkdir(parents=True, exist_ok=True)
    bars = {name: value for one in found for name, value in one.bars.items()}
    (folder / "performance.md").write_text(page(found, where))
    (folder / "performance.svg").write_text(chart(bars, "how many times its floor"))
    targets = [
        {
            "what": t.what,
            "wanted": t.wanted,
            "measured": t.measured,
            "met": t.is_met,
            "floors": {name: ratio.value for name, ratio in t.floors.items()},
            "forbidden_by": t.forbidden_by,
        }
        for one in found
        for t in one.targets
    ]
    tables = [{"title": t.title, "header": t.header, "rows": t.rows} for one in found for t in one.tables]
    figures = {"machine": where, "targets": targets, "tables": tables, "raw": [one.raw for one in found]}
    (folder / "performance.json").write_text(json.dumps(figures, indent=1) + "\n")


def main() -> None:
    """Measure, write, tell."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds, two minutes")
    parser.add_argument("--out", type=Path, default=ROOT / "docs", help="folder of the page, the chart and the figures")
    options = parser.parse_args()
    os.environ.pop("FIRESTORE_EMULATOR_HOST", None)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that all it has started ends with it
    where = machine()
    found = run(quick=options.quick)
    write(found, where, options.out)
    print("\n".join(target_rows([target for one in found for target in one.targets])))


if __name__ == "__main__":
    main()
