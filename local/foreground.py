"""Runs the stack in the process that asks for it, until Ctrl-C or SIGTERM."""

import signal
from collections.abc import Callable

from local.plan import Plan
from local.state import Record
from local.supervisor import Supervisor


def run(plan: Plan, on_ready: Callable[[Record], None]) -> None:
    """Run the stack until it is told to stop, then give the signals back."""
    supervisor = Supervisor(plan)
    before = {number: signal.signal(number, lambda *_: supervisor.stop()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        supervisor.run(on_ready)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
