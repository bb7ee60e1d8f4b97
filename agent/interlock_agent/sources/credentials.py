"""Chooses the credential for a source: a JSON map from URI prefix to the file or variable that holds the secret."""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from interlock_agent.errors import Refused
from interlock_agent.exit_codes import ExitCode
from interlock_agent.regular_files import open_regular
from interlock_agent.sources.allowed_sources import is_admitted

_KINDS = ("bearer_file", "bearer_env", "basic_file", "basic_env")
_MOST_BYTES = 64 * 1024
_EXPECTED = f"must be a JSON map from an https:// prefix with a host to one of {', '.join(_KINDS)}"


class BadCredentials(ValueError):
    """The map cannot be read; the text names what is wrong and no secret."""


@dataclass(frozen=True, slots=True, repr=False)
class SourceCredential:
    """One secret and the prefix that it is for. A file is read at each use, so that a rotated secret counts."""

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
    return tuple(_credential(prefix, holder, environ) for prefix, holder in found.items())


def credential_for(uri: str, credentials: Iterable[SourceCredential]) -> SourceCredential | None:
    """Return the credential of the longest prefix that the URI lies under."""
    fitting = [one for one in credentials if is_admitted(uri, one.prefix)]
    return max(fitting, key=lambda one: len(one.prefix), default=None)


def _credential(prefix: str, holder: Any, environ: Mapping[str, str]) -> SourceCredential:
    parts = urlsplit(prefix)
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc or not isinstance(holder, dict):
        raise BadCredentials(_EXPECTED)
    if len(holder) != 1 or not set(holder) <= set(_KINDS) or not all(isinstance(name, str) for name in holder.values()):
        raise BadCredentials(_EXPECTED)
    ((kind, name),) = holder.items()
    if kind.endswith("_file"):
        return SourceCredential(prefix, kind == "basic_file", Path(name), "")
    if not environ.get(name):
        raise BadCredentials(f"names the variable {name[:80]!r}, which is missing")
    return SourceCredential(prefix, kind == "basic_env", None, environ[name])


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
