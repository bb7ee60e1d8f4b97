"""Says which secret opens which source: a JSON map from URI prefix to where the secret lies."""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from interlock_agent.allowed_sources import is_admitted
from interlock_agent.exit_codes import ExitCode, Refused
from interlock_agent.files import open_regular

_PLACES = ("bearer_file", "bearer_env", "basic_file", "basic_env")
_MOST_BYTES = 64 * 1024
_EXPECTED = f"must be a JSON map from an https:// prefix with a host to one of {', '.join(_PLACES)}"


class BadCredentials(ValueError):
    """The map cannot be read; the text names what is wrong and no secret."""


@dataclass(frozen=True, slots=True, repr=False)
class SourceCredential:
    """One secret and what it opens. It is read when it is used, so that a rotated file counts."""

    prefix: str
    is_basic: bool
    path: Path | None
    value: str

    def header(self) -> str:
        """Return the Authorization header's value: `Basic` from `user:password`, or `Bearer`."""
        secret = (self.value if self.path is None else _read(self.path)).strip()
        if self.is_basic:
            return f"Basic {base64.b64encode(secret.encode(errors='surrogateescape')).decode()}"
        if not secret.isascii() or not secret.isprintable() or " " in secret or not secret:
            raise Refused(ExitCode.SOURCE_UNAVAILABLE, f"the credential for {self.prefix} is no token")
        return f"Bearer {secret}"


def read_credentials(environ: Mapping[str, str]) -> tuple[SourceCredential, ...]:
    """Return the credentials of the environment; raise BadCredentials."""
    text = environ.get("INTERLOCK_SOURCE_CREDENTIALS")
    if not text:
        return ()
    found = _json(text)
    if not isinstance(found, dict):
        raise BadCredentials(_EXPECTED)
    return tuple(_credential(prefix, place, environ) for prefix, place in found.items())


def credential_for(uri: str, credentials: Iterable[SourceCredential]) -> SourceCredential | None:
    """Return the credential of the longest prefix that the URI lies under."""
    fitting = [one for one in credentials if is_admitted(uri, one.prefix)]
    return max(fitting, key=lambda one: len(one.prefix), default=None)


def _credential(prefix: str, place: Any, environ: Mapping[str, str]) -> SourceCredential:
    parts = urlsplit(prefix)
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc or not isinstance(place, dict):
        raise BadCredentials(_EXPECTED)
    if len(place) != 1 or not set(place) <= set(_PLACES) or not all(isinstance(at, str) for at in place.values()):
        raise BadCredentials(_EXPECTED)
    ((kind, at),) = place.items()
    if kind.endswith("_file"):
        return SourceCredential(prefix, kind == "basic_file", Path(at), "")
    if not environ.get(at):
        raise BadCredentials(f"names the variable {at[:80]!r}, which is missing")
    return SourceCredential(prefix, kind == "basic_env", None, environ[at])


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _read(path: Path) -> str:
    try:
        with open_regular(path) as stream:
            return stream.read(_MOST_BYTES).decode()
    except (OSError, ValueError) as problem:
        raise Refused(ExitCode.SOURCE_UNAVAILABLE, f"cannot read the credential in {path}: {problem}") from problem
