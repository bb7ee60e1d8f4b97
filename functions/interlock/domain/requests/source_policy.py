"""What a route demands of a request beyond its form: sources it trusts, digests, a script to run."""

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, unquote, urlsplit

from interlock.domain.redaction import redact_text
from interlock.domain.requests.request import ReleaseRequest
from interlock.domain.requests.routes import Route
from interlock.domain.requests.violation import Violation, shortened

_DOT_SEGMENT = re.compile(r"(?:^|[/\\])\.{1,2}(?:[/\\]|$)")

_READ_DIFFERENTLY = re.compile(r"[\\\x00-\x20\x7f]")

_DEFAULT_PORTS = {"http": 80, "https": 443}


def policy_violations(route: Route, request: ReleaseRequest) -> tuple[Violation, ...]:
    """Return every demand of the route that the request, its defaults filled in, does not meet."""
    found = (*_script(request), *_sources(route, request), *_digests(route, request))
    return tuple(sorted(found, key=lambda violation: (violation.pointer, violation.rule)))


def is_admitted(uri: str, prefix: str) -> bool:
    """Whether the URI lies under the prefix: same scheme and host, same port if it names one, path below.

    A prefix without a host (`gs://`) admits its whole scheme. A path counts by whole segments.
    """
    asked, allowed = _parts(uri), _parts(prefix)
    if asked is None or allowed is None or asked.scheme != allowed.scheme:
        return False
    if allowed.netloc and not _is_same_host(asked, allowed):
        return False
    return _is_below(asked.path, allowed.path)


def _script(request: ReleaseRequest) -> Iterator[Violation]:
    script = request.deployment_script
    if script is None:
        yield Violation(
            "/deployment_script", "no_script", "a script, from the request or the route's defaults", "absent"
        )
    elif not _is_uri(script) and request.artifact_path is None:
        expected = "a URI, as there is no artifact to hold the script"
        yield Violation("/deployment_script", "no_artifact", expected, _echo(script))


def _sources(route: Route, request: ReleaseRequest) -> Iterator[Violation]:
    for key, uri in _uris(request):
        if not any(is_admitted(uri, prefix) for prefix in route.allowed_sources):
            expected = "a source under " + (", ".join(route.allowed_sources) or "none: the route trusts no source")
            yield Violation(f"/{key}", "allowed_sources", shortened(expected), _echo(uri))


def _digests(route: Route, request: ReleaseRequest) -> Iterator[Violation]:
    """Demand a digest of whatever is fetched."""
    if not route.require_digest:
        return
    if request.artifact_path is not None and request.artifact_sha256 is None:
        yield _no_digest("artifact_sha256")
    if request.deployment_script and _is_uri(request.deployment_script) and request.script_sha256 is None:
        yield _no_digest("script_sha256")
    if request.manifest_path is not None and request.manifest_sha256 is None:
        yield _no_digest("manifest_sha256")


def _no_digest(key: str) -> Violation:
    return Violation(f"/{key}", "require_digest", "a SHA-256, as the route requires one", "absent")


def _uris(request: ReleaseRequest) -> Iterator[tuple[str, str]]:
    for key in ("artifact_path", "deployment_script", "manifest_path"):
        value: str | None = getattr(request, key)
        if value is not None and (key != "deployment_script" or _is_uri(value)):
            yield key, value


def _is_uri(text: str) -> bool:
    return "://" in text


def _parts(uri: str) -> SplitResult | None:
    """Return the URI's parts; None where two readers could take it for two different places."""
    if _READ_DIFFERENTLY.search(uri):
        return None
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return None
    path = unquote(unquote(parts.path))
    is_odd = _DOT_SEGMENT.search(path) or _READ_DIFFERENTLY.search(path.replace(" ", ""))
    return None if is_odd or not parts.scheme or "@" in parts.netloc else parts


def _is_same_host(asked: SplitResult, allowed: SplitResult) -> bool:
    port = asked.port or _DEFAULT_PORTS.get(asked.scheme)
    return asked.hostname == allowed.hostname and allowed.port in {None, port}


def _is_below(path: str, prefix: str) -> bool:
    """Whether the path is the prefix's or below it; `/a` admits `/a/b`, never `/ab`."""
    return prefix in {"", path} or path.startswith(prefix if prefix.endswith("/") else f"{prefix}/")


def _echo(uri: str) -> str:
    return shortened(redact_text(uri))
