"""The ledgers: one claim, and many claims at once on one lane."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bench.events import JOB, a_release
from bench.processes import ROOT, Google, environment
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
from interlock_local.emulators.google_emulators import GoogleEmulator, find_emulator

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
def ledgers(side: Google, folder: Path) -> Iterator[Mapping[str, tuple[str, Mapping[str, str]]]]:
    """Give the URL of every ledger there is here, and the variables of a process that opens it."""
    ours = environment(side, folder)
    found = {
        "SQLite": (f"sqlite://{folder}/claims.db", ours),
        "Firestore, on loopback": ("firestore://bench/claims", ours),
    }
    if find_emulator("firestore") is None:
        yield found
        return
    with GoogleEmulator("firestore", folder) as emulator:
        beside = {**ours, "FIRESTORE_EMULATOR_HOST": emulator.address}
        yield {**found, "Firestore, Google's emulator": ("firestore://bench/claims", beside)}


def measure(side: Google, folder: Path, *, claims: int) -> Findings:
    """Have each ledger measured by a process of its own, which takes for Google what the functions do."""
    header = ("ledger", "at once on one lane", "p50 ms", "p99 ms", "decisions/s")
    rows: list[tuple[str, ...]] = []
    with ledgers(side, folder) as found:
        for name, (url, variables) in found.items():
            command = [sys.executable, "-m", "bench.ledgers", url, str(claims)]
            done = subprocess.run(command, env=variables, cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=300)
            rows += [(name, *row) for row in json.loads(done.stdout)]
    about = (
        "One claim reads a release and its lane and writes both. On one lane, the first holds it and all others queue."
    )
    return Findings([Table("The ledger", about, header, rows)])


def _rows(ledger: FullLedger, claims: int) -> Iterator[tuple[str, ...]]:
    """Claim alone, then with 8 and with 32 at once on one lane."""
    for _ in range(10):
        submit(ledger, candidate())
    alone = [submit(ledger, one) for one in [candidate() for _ in range(claims)]]
    yield "1, a lane each", ms(median(alone)), ms(percentile(alone, 0.99)), f"{1 / median(alone):.0f}"
    for workers in (8, 32):
        yield _contended(ledger, workers)


def _contended(ledger: FullLedger, workers: int) -> tuple[str, ...]:
    asked = [candidate(f"contended-{workers}-{time.monotonic_ns()}")]
    asked += [candidate(str(asked[0].request["service"])) for _ in range(workers * 3 - 1)]
    start = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        seconds = list(pool.map(lambda one: submit(ledger, one), asked))
    speed = len(asked) / (time.perf_counter() - start)
    return str(workers), ms(median(seconds)), ms(percentile(seconds, 0.99)), f"{speed:.0f}"


if __name__ == "__main__":
    print(json.dumps(list(_rows(open_ledger(sys.argv[1]), int(sys.argv[2])))))
