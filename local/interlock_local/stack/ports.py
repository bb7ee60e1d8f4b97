"""Which ports are free, and whose wish a taken one stands in the way of."""

import random
import socket
from collections.abc import Mapping

from interlock_local.errors import StackError
from interlock_local.stack import names
from interlock_local.stack.process import wait_for

BELOW_EPHEMERAL = range(20000, 32000)
"""Free ports are sought where no outgoing connection takes one between the look and the start."""


def is_free(port: int) -> bool:
    """Whether a server could start on it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_ports() -> dict[str, int]:
    """Return a free port for every part."""
    candidates = iter(random.sample(BELOW_EPHEMERAL, len(BELOW_EPHEMERAL)))
    free = (port for port in candidates if is_free(port))
    return {part: next(free) for part in names.PORT_ORDER}


def refuse_taken(ports: Mapping[str, int], *, patience: float) -> None:
    """Raise StackError if a port stays taken; name each and the part that wanted it."""

    def taken() -> list[str]:
        return [f"{port} (for {part})" for part, port in ports.items() if not is_free(port)]

    if not wait_for(lambda: not taken(), seconds=patience):
        word = "ports are" if len(taken()) > 1 else "port is"
        raise StackError(f"{word} taken: {', '.join(taken())}", "end what listens there, or choose another --port-base")
