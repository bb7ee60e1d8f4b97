"""What defines one local stack: its directory, ports and choices. Everything else is derived from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec

from interlock_local.stack import names

ROOT = Path(__file__).resolve().parents[3]
DEFAULT_ROUTES = Path(__file__).with_name("routes.json")
DEFAULT_PORT_BASE = 8700
DEFAULT_RECONCILE_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StackPlan:
    """One local stack. `extra_environment` is given to the functions and overrides what the stack gives them.

    With a `container_tool` each task runs in a container of the agent's image, else as a process.
    """

    state: Path
    ports: Mapping[str, int]
    routes: Path = DEFAULT_ROUTES
    pubsub: Literal["embedded", "official"] = "embedded"
    ledger: Literal["sqlite", "official"] = "sqlite"
    reconcile_every: float = DEFAULT_RECONCILE_SECONDS
    container_tool: str | None = None
    functions_source: Path = ROOT / "functions" / "main.py"
    extra_environment: Mapping[str, str] = field(default_factory=dict)

    def address(self, service: str) -> str:
        """Return the service's `host:port`."""
        return f"127.0.0.1:{self.ports[service]}"

    def url(self, service: str) -> str:
        """Return the service's http URL."""
        return f"http://{self.address(service)}/"

    def log(self, service: str) -> Path:
        """Return the service's log file."""
        return self.state / "logs" / f"{service}.log"

    @property
    def uses_firestore(self) -> bool:
        """Whether Google's Firestore emulator is part of it."""
        return self.ledger == "official"

    @property
    def routes_copy(self) -> Path:
        """Return the copy of the routes that this stack uses, so that later changes of their file do not reach it."""
        return self.state / "routes.json"

    @property
    def jobs_file(self) -> Path:
        """Return the file that the Cloud Run stand-in reads its jobs from."""
        return self.state / "jobs.json"


def ports_from(base: int) -> dict[str, int]:
    """Return the services' ports, one after the other."""
    return {service: base + offset for offset, service in enumerate(names.PORT_ORDER)}


def encode(plan: StackPlan) -> bytes:
    """Return the plan as JSON, for the supervisor's process."""
    return msgspec.json.encode(plan, enc_hook=str)


def decode(data: bytes) -> StackPlan:
    """Return the plan that encode() wrote."""
    return msgspec.json.decode(data, type=StackPlan, dec_hook=_construct)


def _construct(kind: type, value: Any) -> Any:
    return kind(value)
