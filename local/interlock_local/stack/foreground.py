"""Runs the stack in the process that asks for it, until Ctrl-C or SIGTERM."""

import signal
from collections.abc import Callable

from interlock_local.stack.plan import Plan
from interlock_local.stack.state import Record
from interlock_local.stack.supervisor import Supervisor


def run(plan: Plan, on_ready: Callable[[Record], None]) -> None:
    """Run the stack until it is told to stop, then give the signals back."""
    supervisor = Supervisor(plan)
    before = {number: signal.signal(number, lambda *_: supervisor.stop()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        supervisor.run(on_ready)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
