"""The calls of `bare`, and Interlock's pure decisions about the release in the push; nothing carries them out.

Between `bare` and this lies what exactly-once, lanes and the contract cost in Python; between this and a dispatch, the
adapters, the outbox and the log.
"""

import os
from datetime import timedelta
from functools import cache
from typing import Any, TypeVar

from bench.subjects.bare.main import bare
from interlock.adapters.schema_files import load_schema
from interlock.codec import to_row
from interlock.domain.contract import Contract
from interlock.domain.delivery import PubSubDelivery, parse_delivery
from interlock.domain.intake import Intake
from interlock.domain.release import Release
from interlock.domain.step import Stepped, first_keys, sent, step
from interlock.domain.transaction import Commit, Decision, Key, Record
from interlock.domain.transition import Confirm, Event, Limits, Submit
from interlock.wiring import load_routes, utc_now

T = TypeVar("T")

_LIMITS = Limits(lease=timedelta(seconds=60), max_starts=5)


@cache
def _intake() -> Intake:
    return Intake(Contract.of(load_schema("release-request.v1")), load_routes(os.environ["INTERLOCK_ROUTES"]))


def decided(request: Any) -> tuple[str, int]:
    """Take the release through its steps in memory, then make the calls."""
    delivery = parse_delivery(dict(request.headers), request.get_data())
    assert isinstance(delivery, PubSubDelivery)
    release = _intake().read(delivery.message, now=utc_now())
    assert isinstance(release, Release)
    records: dict[Key, Record | None] = {}
    _step(records, release.release_id, Submit(release))
    stepped = _step(records, release.release_id, Confirm(1, "projects/p/locations/l/jobs/j/executions/e", None))
    assert stepped.release
    _commit(records, sent(release.release_id, stepped.release.outbox))
    return bare(request)


def _step(records: dict[Key, Record | None], release_id: str, event: Event) -> Stepped:
    for key in first_keys(release_id, event):
        records.setdefault(key, None)
    return _commit(records, step(release_id, event, now=utc_now(), limits=_LIMITS))


def _commit(records: dict[Key, Record | None], decide: Decision[T]) -> T:
    decision = decide(records)
    assert isinstance(decision, Commit)
    for record in decision.writes.values():
        to_row(record)
    records.update(decision.writes)
    return decision.result
