"""The ledgers: one claim, and many claims at once on one lane."""

import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bench.events import JOB, a_release
from bench.processes import Google
from bench.results import Findings, Table, ms, percentile
from interlock.bootstrap import FullLedger, open_ledger, utc_now
from interlock.cloud_events import open_message
from interlock.domain.releases.candidate import candidate as requested
from interlock.domain.releases.events import RequestReceived
from interlock.domain.releases.model import Release
from interlock.domain.requests.message import Message
from interlock.domain.requests.parser import AcceptedRequest, RequestParser
from interlock.domain.requests.routes import parse_routes
from interlock.domain.requests.schema_validation import SchemaValidator
from interlock.schema_files import load_schema
from interlock.services.release_service import ReleaseService
from interlock_local.emulators.google_emulators import OfficialEmulator, find_emulator

ROUTES = {"routes": [{"name": "all", "match": {}, "job": JOB, "max_queue": 10000}]}


def candidate(service: str | None = None) -> Release:
    """Return a fresh release as a message asks for it, for a target of its own or the one that is named."""
    document = a_release()
    if service:
        document["service"] = service
    parser = RequestParser(SchemaValidator.of(load_schema("release-request.v1")), parse_routes(ROUTES))
    message = Message(str(time.monotonic_ns()), datetime.now(UTC), json.dumps(document).encode(), {})
    parsed = parser.parse(message, open_message(message))
    assert isinstance(parsed, AcceptedRequest)
    return requested(parsed, now=utc_now())


def submit(ledger: FullLedger, release: Release) -> float:
    """Claim the release's lane, or queue for it; return the seconds that took."""
    event = RequestReceived(release)
    start = time.perf_counter()
    ReleaseService(ledger=ledger, instance="bench", now=utc_now).apply(release.release_id, event)
    return time.perf_counter() - start


@contextmanager
def ledgers(side: Google, folder: Path) -> Iterator[dict[str, FullLedger]]:
    """Open every ledger there is here: SQLite, Firestore's emulator where it is installed, and the one on loopback."""
    opened = {"SQLite": open_ledger(f"sqlite://{folder}/claims.db")}
    with _firestore_at(side.address):
        opened["Firestore, on loopback"] = _opened("firestore://bench/claims")
    if find_emulator("firestore") is None:
        yield opened
        return
    with OfficialEmulator("firestore", folder) as emulator, _firestore_at(emulator.address):
        opened["Firestore, Google's emulator"] = _opened("firestore://bench/claims")
        yield opened


def _opened(url: str) -> FullLedger:
    ledger = open_ledger(url)
    submit(ledger, candidate())  # the channel is made by its first use
    return ledger


@contextmanager
def _firestore_at(address: str) -> Iterator[None]:
    os.environ["FIRESTORE_EMULATOR_HOST"] = address
    try:
        yield
    finally:
        del os.environ["FIRESTORE_EMULATOR_HOST"]


def measure(side: Google, folder: Path, *, claims: int) -> Findings:
    """Claim alone, then with 8 and with 32 at once on one lane."""
    header = ("ledger", "at once on one lane", "p50 ms", "p99 ms", "decisions/s")
    rows: list[tuple[str, ...]] = []
    with ledgers(side, folder) as opened:
        for name, ledger in opened.items():
            for _ in range(10):
                submit(ledger, candidate())
            alone = [submit(ledger, one) for one in [candidate() for _ in range(claims)]]
            rows.append(
                (name, "1, a lane each", ms(median(alone)), ms(percentile(alone, 0.99)), f"{1 / median(alone):.0f}")
            )
            rows += [_contended(name, ledger, workers) for workers in (8, 32)]
    about = (
        "One claim reads a release and its lane and writes both. On one lane, the first holds it and all others queue."
    )
    return Findings([Table("The ledger", about, header, rows)])


def _contended(name: str, ledger: FullLedger, workers: int) -> tuple[str, ...]:
    asked = [candidate(f"contended-{workers}-{time.monotonic_ns()}")]
    asked += [candidate(str(asked[0].request["service"])) for _ in range(workers * 3 - 1)]
    start = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        seconds = list(pool.map(lambda one: submit(ledger, one), asked))
    speed = len(asked) / (time.perf_counter() - start)
    return name, str(workers), ms(median(seconds)), ms(percentile(seconds, 0.99)), f"{speed:.0f}"
