"""What one local stack is made of: its directory, ports and choices. Everything else follows from it."""

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
class Plan:
    """One local stack. `extra_environment` goes to the functions, over what the stack gives them.

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

    def address(self, part: str) -> str:
        """Return the part's `host:port`."""
        return f"127.0.0.1:{self.ports[part]}"

    def url(self, part: str) -> str:
        """Return the part's http URL."""
        return f"http://{self.address(part)}/"

    def log(self, part: str) -> Path:
        """Return the file that the part's words go to."""
        return self.state / "logs" / f"{part}.log"

    @property
    def uses_firestore(self) -> bool:
        """Whether Google's Firestore emulator is part of it."""
        return self.ledger == "official"

    @property
    def routes_copy(self) -> Path:
        """Return the routes as this stack runs them, whatever becomes of the file they came from."""
        return self.state / "routes.json"

    @property
    def jobs_file(self) -> Path:
        """Return what the Cloud Run stand-in reads its jobs from."""
        return self.state / "jobs.json"


def ports_from(base: int) -> dict[str, int]:
    """Return the parts' ports, one after the other."""
    return {part: base + offset for offset, part in enumerate(names.PORT_ORDER)}


def encode(plan: Plan) -> bytes:
    """Return the plan as JSON, for the supervisor's process."""
    return msgspec.json.encode(plan, enc_hook=str)


def decode(data: bytes) -> Plan:
    """Return the plan that encode() wrote."""
    return msgspec.json.decode(data, type=Plan, dec_hook=_revive)


def _revive(kind: type, value: Any) -> Any:
    return kind(value)
