"""Decides whether a URI lies under an allowed prefix; the parts of both are compared, never their bare text."""

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, unquote, urlsplit

_DOT_SEGMENT = re.compile(r"(?:^|[/\\])\.{1,2}(?:[/\\]|$)")
_CONTROL = re.compile(r"[\x00-\x20\x7f\\]")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def is_allowed(uri: str, prefixes: Iterable[str]) -> bool:
    """Whether the URI lies under any of the prefixes."""
    return any(is_admitted(uri, prefix) for prefix in prefixes)


def is_admitted(uri: str, prefix: str) -> bool:
    """Whether the URI lies under the prefix: same scheme and host, same port if it names one, path by segments.

    A prefix without a host (`https://`) admits its whole scheme; one without a port any port of its host.
    """
    asked, allowed = _parts(uri), _parts(prefix)
    if asked is None or allowed is None or asked.scheme != allowed.scheme:
        return False
    if allowed.netloc and not _is_same_host(asked, allowed):
        return False
    return _is_below(asked.path, allowed.path)


def _parts(uri: str) -> SplitResult | None:
    """Return the URI's parts; None where two readers could take it for two different places."""
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return None
    path = unquote(unquote(parts.path))
    is_odd = _CONTROL.search(uri) or _CONTROL.search(path.replace(" ", "")) or _DOT_SEGMENT.search(path)
    return None if is_odd or not parts.scheme or "@" in parts.netloc else parts


def _is_same_host(asked: SplitResult, allowed: SplitResult) -> bool:
    port = asked.port or _DEFAULT_PORTS.get(asked.scheme)
    return asked.hostname == allowed.hostname and allowed.port in {None, port}


def _is_below(path: str, prefix: str) -> bool:
    return prefix in {"", path} or path.startswith(prefix if prefix.endswith("/") else f"{prefix}/")
