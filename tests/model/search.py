"""The search for a life that breaks a rule: `python -m tests.model.search [LIVES]` lives other lives each time.

It stops at the first fault and ends 1, without the shrinking that a test does; it ends 0 when every life went well.
"""

import argparse
import sys
from itertools import count

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from tests.model.machine import Life

CALM = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
LONG = settings(CALM, max_examples=600, stateful_step_count=60)


def live(how: settings) -> int:
    """Live as many lives as the settings say and return the steps in them; raise what the first broken rule raises."""
    passed = count()

    class Counted(Life):
        def __init__(self) -> None:
            super().__init__()
            self.is_born = False

        @invariant()
        def a_step_has_passed(self) -> None:
            if self.is_born:
                next(passed)
            self.is_born = True

    run_state_machine_as_test(Counted, settings=how)
    return next(passed)


def main(lives: int, *, is_repeatable: bool) -> int:
    """Search, say how it went, and return the exit code."""
    how = settings(LONG, max_examples=lives, phases=(Phase.generate,), derandomize=is_repeatable)
    try:
        steps = live(how)
    except AssertionError as broken:
        sys.stdout.write(f"found: {str(broken).splitlines()[0]}\n")
        return 1
    sys.stdout.write(f"nothing found in {steps} steps\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.model.search", description="Search for a broken rule.")
    parser.add_argument("lives", type=int, nargs="?", default=600, help="how many (default: 600)")
    parser.add_argument("--repeatable", action="store_true", help="the same lives each time")
    return parser.parse_args()


if __name__ == "__main__":
    asked = _options()
    sys.exit(main(asked.lives, is_repeatable=asked.repeatable))
