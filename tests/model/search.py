"""The long search, stopped at the first fault: `python -m tests.model.search` ends 1 and says after how many steps."""

import sys
import time

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.machine import Life

SEARCH = settings(
    max_examples=int(sys.argv[1]) if len(sys.argv) > 1 else 500,
    stateful_step_count=60,
    phases=(Phase.generate,),
    derandomize=True,
    deadline=None,
    database=None,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)

if __name__ == "__main__":
    t = time.time()
    lives = 0

    class Counted(Life):
        def __init__(self):
            global lives
            lives += 1
            super().__init__()

    try:
        run_state_machine_as_test(Counted, settings=SEARCH)
    except BaseException as e:
        print("FOUND", lives, f"{time.time() - t:.1f}s", type(e).__name__, str(e)[:150].replace("\n", " "))
        sys.exit(1)
    print("none", lives, f"{time.time() - t:.1f}s")
