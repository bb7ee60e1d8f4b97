"""Runs the stack in the calling process, until Ctrl-C or SIGTERM."""

import signal
from collections.abc import Callable

from interlock_local.stack.plan import StackPlan
from interlock_local.stack.state import StackRecord
from interlock_local.stack.supervisor import StackSupervisor


def run(plan: StackPlan, on_ready: Callable[[StackRecord], None]) -> None:
    """Run the stack until a signal stops it, then restore the signal handlers."""
    supervisor = StackSupervisor(plan)
    before = {number: signal.signal(number, lambda *_: supervisor.stop()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        supervisor.run(on_ready)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
