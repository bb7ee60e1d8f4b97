"""`python -m tests.soak`: soak the local stack and print what became of it.

Ends 0 only if all went well although everything that was planned went wrong.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.soak.soak import Overdue, Soaked, soak
from tests.soak.workload import Workload

SHOWN = 5


def main() -> int:
    """Soak, print and return the exit code."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="interlock-soak-") as folder:
        try:
            soaked = soak(Workload(options.releases, options.lanes), Path(folder), within=60 * options.minutes)
        except Overdue as overdue:
            sys.stdout.write(f"not done within {options.minutes} minutes: {overdue}\n")
            return 1
    sys.stdout.writelines(f"{line}\n" for line in _lines(soaked))
    return 0 if soaked.is_proof else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--releases", type=int, default=5000, help="how many releases (default: 5000)")
    parser.add_argument("--lanes", type=int, default=200, help="over how many lanes (default: 200)")
    parser.add_argument("--minutes", type=float, default=25, help="how long it may take (default: 25)")
    return parser.parse_args()


def _lines(soaked: Soaked) -> Sequence[str]:
    verdict: dict[str, Sequence[str]] = asdict(soaked.verdict)
    found = {name.replace("_", " "): _in_short(amiss) for name, amiss in verdict.items()}
    table = {**soaked.figures, **found, "not gone wrong": _in_short(soaked.missing)}
    return [f"{name + ':':<20}{text}" for name, text in table.items()]


def _in_short(amiss: Sequence[str]) -> str:
    return f"{len(amiss)}: {', '.join(amiss[:SHOWN])}" if amiss else "0"


if __name__ == "__main__":
    sys.exit(main())
