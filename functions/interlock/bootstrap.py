"""Opens what the settings name: ledger, publisher, results, routes. Each client is imported only where it is used."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlsplit

from interlock.config import ConfigurationError, ReportSettings
from interlock.domain.requests.routes import Route, parse_routes
from interlock.ledger.interface import Ledger, LedgerReader
from interlock.ports import Publisher, PublisherWithId
from interlock.results.interface import Results
from interlock.services.outbox_relay import OutboxRelay, ResumeSender, StatusEventSender
from interlock.services.release_service import ReleaseService

if TYPE_CHECKING:
    from interlock.services.completion_service import CompletionService


class FullLedger(Ledger, LedgerReader, Protocol):
    """A ledger that can be written and read."""


utc_now: Callable[[], datetime] = partial(datetime.now, UTC)
"""The wall clock; the one place that reads it."""


def open_ledger(url: str) -> FullLedger:
    """Return the ledger that the URL names: `sqlite:///PATH` or `firestore://PROJECT/DATABASE`."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite" and not parts.netloc and parts.path:
        from interlock.ledger.sqlite import SqliteLedger

        return SqliteLedger(Path(parts.path))
    if parts.scheme == "firestore" and parts.netloc and parts.path.strip("/"):
        from interlock.ledger.firestore import FirestoreLedger

        return FirestoreLedger(parts.netloc, parts.path.strip("/"))
    raise ConfigurationError(f"INTERLOCK_LEDGER is {url!r}, expected sqlite:///PATH or firestore://PROJECT/DATABASE")


def open_publisher(endpoint: str | None) -> Publisher:
    """Return the publisher for a plaintext `host:port`, or for Google's Pub/Sub."""
    from interlock.google.pubsub import PubsubPublisher

    return PubsubPublisher(endpoint)


def open_poster(endpoint: str | None) -> PublisherWithId:
    """Return what publishes one message at a time, on a plaintext `host:port` or on Google's Pub/Sub."""
    from interlock.google.pubsub import PubsubPublisher

    return PubsubPublisher(endpoint)


def open_results(url: str | None) -> Results | None:
    """Return the store of the agents' results, or None where no store is named."""
    if url is None:
        return None
    parts = urlsplit(url)
    if parts.scheme == "file" and not parts.netloc and parts.path:
        from interlock.results.directory import FileResults

        return FileResults(Path(unquote(parts.path)))
    if parts.scheme == "gs" and parts.netloc:
        from interlock.results.bucket import GcsResults

        return GcsResults(parts.netloc, parts.path.strip("/"))
    raise ConfigurationError(f"INTERLOCK_RESULTS is {url!r}, expected file:///DIR or gs://BUCKET/PREFIX")


def open_completion_service(settings: ReportSettings, ledger: Ledger, publisher: Publisher) -> "CompletionService":
    """Return what report_status and reconcile_releases close releases with."""
    from interlock.services.completion_service import CompletionService

    releases = ReleaseService(ledger=ledger, instance=settings.instance, now=utc_now)
    status_events = StatusEventSender(publisher=publisher, topic=settings.status_topic)
    resumes = ResumeSender(publisher=publisher, topic=settings.requests_topic)
    relay = OutboxRelay(releases=releases, senders=(status_events, resumes))
    return CompletionService(releases=releases, results=open_results(settings.results), relay=relay)


def load_routes(setting: str) -> tuple[Route, ...]:
    """Return the routes of the setting's JSON text or file; raise ConfigurationError with every violation."""
    from interlock.domain.requests.schema_validation import SchemaValidator
    from interlock.schema_files import load_schema

    text = setting if setting.lstrip().startswith("{") else _read(Path(setting))
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ConfigurationError(f"INTERLOCK_ROUTES is not JSON: {error}") from error
    violations = SchemaValidator.of(load_schema("routes.v1")).violations(document)
    if violations:
        raise ConfigurationError("INTERLOCK_ROUTES: " + "; ".join(str(one) for one in violations))
    return parse_routes(document)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise ConfigurationError(f"INTERLOCK_ROUTES names {path}, which cannot be read: {error}") from error
