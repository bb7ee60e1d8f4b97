"""Collects the secrets that this container holds: variables named like credentials, and mounted secret files."""

import base64
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from interlock_agent.regular_files import open_regular

_SENSITIVE_NAME = re.compile(
    r"passw|passphrase|pwd|secret|token|api_?key|access_?key|account_?key|private_?key|signing_?key|encryption_?key"
    r"|authori[sz]ation|credential|cookie|signature|(?:^|_)(?:auth|pin|otp|jwt|creds?|pass|pw)(?:$|_)|_key$",
    re.IGNORECASE,
)
_MOUNTED = "INTERLOCK_SECRET_FILES"
_SOURCE_CREDENTIALS = "INTERLOCK_SOURCE_CREDENTIALS"
_NO_SECRETS = {"true", "false", "none", "null"}
_SHORTEST, _SHORTEST_LINE, _LONGEST = 4, 8, 4096
_MOST_BYTES = 256 * 1024
_MOST_FILES = 200


def known_secrets(environ: Mapping[str, str]) -> set[str]:
    """Return every spelling of every secret in which a script could print it."""
    return {spelling for text in _texts(environ) for secret in _parts(text) for spelling in _spellings(secret)}


def _texts(environ: Mapping[str, str]) -> Iterator[str]:
    for name, value in environ.items():
        if _SENSITIVE_NAME.search(name) and name not in {_MOUNTED, _SOURCE_CREDENTIALS}:
            yield from _text_of(value)
    for path in environ.get(_MOUNTED, "").split():
        yield from _files_at(Path(path))
    for key, value in _leaves(_json(environ.get(_SOURCE_CREDENTIALS, ""))):
        yield from [environ.get(value, "")] if key.endswith("_env") else _text_of(value)


def _text_of(value: str) -> Iterator[str]:
    """Yield the file's text where the value is a path, and the value itself where it is none."""
    content = _read(Path(value)) if value.startswith("/") and "\0" not in value else None
    yield value if content is None else content


def _files_at(path: Path) -> Iterator[str]:
    found = sorted(path.rglob("*"))[:_MOST_FILES] if path.is_dir() else [path]
    yield from (content for content in map(_read, found) if content)


def _read(path: Path) -> str | None:
    try:
        with open_regular(path) as stream:
            return stream.read(_MOST_BYTES).decode(errors="replace")
    except (OSError, ValueError):
        return None


def _parts(text: str) -> Iterator[str]:
    """Yield what is secret by itself: of JSON the values under sensitive names, of several lines each one."""
    leaves = list(_leaves(_json(text)))
    if leaves:
        sensitive = [value for key, value in leaves if _SENSITIVE_NAME.search(key)]
        for value in sensitive or [value for _, value in leaves]:
            yield value
            yield from _lines(value)
        return
    yield text.strip()
    yield from _lines(text)
    user, colon, password = text.strip().partition(":")
    if colon and user.isprintable() and "\n" not in password and not password.startswith("//"):
        yield password


def _lines(text: str) -> Iterator[str]:
    lines = text.strip().splitlines()
    yield from (line.strip() for line in lines if len(line.strip()) >= _SHORTEST_LINE and len(lines) > 1)


def _leaves(found: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(found, str) and key:
        yield key, found
    elif isinstance(found, dict):
        for name, value in found.items():
            yield from _leaves(value, name)
    elif isinstance(found, list):
        for value in found:
            yield from _leaves(value, key or "item")


def _json(text: str) -> Any:
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _spellings(secret: str) -> Iterator[str]:
    if len(secret) < _SHORTEST or secret.lower() in _NO_SECRETS:
        return
    raw = os.fsencode(secret)
    readable = raw.decode(errors="replace")
    escaped = json.dumps(readable)[1:-1]
    forms = {readable, escaped, escaped.replace("/", "\\/"), quote(raw, safe=""), base64.b64encode(raw).decode()}
    for form in forms:
        yield from _slices(form)


def _slices(text: str) -> Iterator[str]:
    """Yield the text in slices that fit a line's window; a rest too short to be a secret is left out."""
    slices = (text[start : start + _LONGEST] for start in range(0, len(text), _LONGEST))
    yield from (part for part in slices if len(part) >= _SHORTEST)
