"""The stack as a process of its own: `python -m interlock_local PLAN_FILE`.

Says on one line of standard output how it went.
"""

import json
import logging
import sys
from pathlib import Path

from interlock_local.errors import PartFailed, StackError
from interlock_local.stack.foreground import run
from interlock_local.stack.plan import decode


def say(report: dict[str, object]) -> None:
    """Tell the starter, who reads one line and then no more."""
    print(json.dumps(report), flush=True)


def main() -> None:
    """Run the stack until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        run(decode(Path(sys.argv[1]).read_bytes()), lambda _: say({"ready": True}))
    except StackError as error:
        part = isinstance(error, PartFailed)
        say({"what": error.what, "remedy": error.remedy, "log": error.log, "part_failed": part})
        sys.exit(1)


if __name__ == "__main__":
    main()
