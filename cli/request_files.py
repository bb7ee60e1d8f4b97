"""Reads request files and judges them by the same schema as dispatch_release."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.errors import CommandError, ExitCode

STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class RequestFile:
    """A request as it was written: its bytes, the document in them, and every rule it breaks."""

    name: str
    data: bytes
    document: Mapping[str, Any]
    violations: tuple[Any, ...]

    @property
    def is_valid(self) -> bool:
        """Whether the request breaks no rule."""
        return not self.violations

    def complaints(self) -> list[str]:
        """Return one line for each broken rule."""
        return [f"{self.name}: {violation}" for violation in self.violations]


def read_request(name: str) -> RequestFile:
    """Read and judge one file, or standard input for `-`; raise CommandError where it cannot be read."""
    from interlock.adapters.schema_files import load_schema
    from interlock.domain.body import BodyError, parse_body
    from interlock.domain.contract import Contract

    data = _read(name)
    body = parse_body(data)
    if isinstance(body, BodyError):
        return RequestFile(name, data, {}, (body.violation,))
    return RequestFile(name, data, body, Contract.of(load_schema("release-request.v1")).violations(body))


def _read(name: str) -> bytes:
    if name == STANDARD_INPUT:
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise CommandError(
            f"{name}: {reason}", "name a file that can be read, or - for standard input", code=ExitCode.USAGE
        ) from error
