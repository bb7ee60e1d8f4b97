"""Free ports, and the refusal to start on ports that are taken."""

import random
import socket
from collections.abc import Iterator, Mapping

from interlock_local.stack import names
from interlock_local.stack.errors import StackError
from interlock_local.stack.process import wait_for

BELOW_EPHEMERAL = range(20000, 32000)
"""Free ports are taken from here, as an outgoing connection could take an ephemeral one before its server starts."""


def is_free(port: int) -> bool:
    """Return whether a server could start on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_ports() -> dict[str, int]:
    """Return a free port for every service."""
    free = some_free_ports()
    return {service: next(free) for service in names.PORT_ORDER}


def some_free_ports() -> Iterator[int]:
    """Yield free ports in random order, so that two processes that ask at once hardly get the same."""
    candidates = random.sample(BELOW_EPHEMERAL, len(BELOW_EPHEMERAL))
    return (port for port in candidates if is_free(port))


def refuse_taken(ports: Mapping[str, int], *, seconds: float) -> None:
    """Raise StackError if a port stays taken; it names each port and the service that needs it."""

    def taken() -> list[str]:
        return [f"{port} (for {service})" for service, port in ports.items() if not is_free(port)]

    if not wait_for(lambda: not taken(), seconds=seconds):
        word = "ports are" if len(taken()) > 1 else "port is"
        raise StackError(f"{word} taken: {', '.join(taken())}", "end what listens there, or choose another --port-base")
