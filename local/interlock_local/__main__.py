"""The stack as a process of its own: `python -m interlock_local PLAN_FILE`.

It reports on one line of standard output whether the stack is ready, or why it cannot start.
"""

import json
import logging
import sys
from pathlib import Path

from interlock_local.stack.errors import ServiceFailed, StackError
from interlock_local.stack.foreground import run
from interlock_local.stack.plan import decode


def report(document: dict[str, object]) -> None:
    """Write the one line that the starter reads."""
    print(json.dumps(document), flush=True)


def main() -> None:
    """Run the stack until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        run(decode(Path(sys.argv[1]).read_bytes()), lambda _: report({"ready": True}))
    except StackError as error:
        is_service = isinstance(error, ServiceFailed)
        report({"what": error.what, "remedy": error.remedy, "log": error.log, "service_failed": is_service})
        sys.exit(1)


if __name__ == "__main__":
    main()
