"""Interlock's pure decisions about the release in the push, sent by the shortest way: the calls of `bare`.

Whatever keeps the contract has this to do in Python: read, judge, decide, encode, send. Between `content` and this lies
what exactly-once and lanes cost; between this and a dispatch, what guards them: ports, races, redaction.
"""

import os
from functools import cache
from typing import Any, TypeVar

from bench.events import JOB
from bench.subjects.calls import calls, note, reading, running, telling, writing
from interlock.bootstrap import load_routes, utc_now
from interlock.cloud_events import open_message, parse_delivery, status_event_message
from interlock.domain.executions.environment import execution_environment
from interlock.domain.releases.candidate import candidate
from interlock.domain.releases.context import Context, StartLimits
from interlock.domain.releases.events import Event, RequestReceived, StartConfirmed
from interlock.domain.releases.model import Release
from interlock.domain.requests.delivery import PubSubDelivery
from interlock.domain.requests.parser import AcceptedRequest, RequestParser
from interlock.domain.requests.schema_validation import SchemaValidator
from interlock.ledger.interface import Commit, Decision
from interlock.ledger.records import Key, Record, to_row
from interlock.schema_files import load_schema
from interlock.services.release_transaction import apply_event, first_keys, take_out

T = TypeVar("T")
Records = dict[Key, Record | None]

_EXECUTION = f"{JOB}/executions/release-agent-1"


@cache
def _parser() -> RequestParser:
    return RequestParser(
        SchemaValidator.of(load_schema("release-request.v1")), load_routes(os.environ["INTERLOCK_ROUTES"])
    )


def decided(request: Any) -> tuple[str, int]:
    """Take the release through its steps and send what each one asks for."""
    delivery = parse_delivery(dict(request.headers), request.get_data())
    assert isinstance(delivery, PubSubDelivery)
    parsed = _parser().parse(delivery.message, open_message(delivery.message))
    assert isinstance(parsed, AcceptedRequest)
    release = candidate(parsed, now=utc_now())
    submit = RequestReceived(release)
    records: Records = dict.fromkeys(first_keys(release.release_id, submit))
    calls().get(reading(*map(_name, records)))
    claimed = _step(records, release.release_id, submit)
    calls().run_job(running(execution_environment(claimed)))
    started = _step(records, release.release_id, StartConfirmed(claimed.fencing_token, _EXECUTION, None))
    for event in started.outbox.events:
        message = status_event_message(event)
        calls().publish(telling(message.data, message.attributes))
    _commit(records, take_out(release.release_id, (started.outbox,)))
    note(release.release_id)
    return "", 204


def _step(records: Records, release_id: str, event: Event) -> Release:
    release = _commit(
        records,
        apply_event(release_id, event, Context(now=utc_now(), instance="bench", limits=StartLimits())),
    ).release
    assert release is not None
    return release


def _commit(records: Records, decide: Decision[T]) -> T:
    decision = decide(records)
    assert isinstance(decision, Commit)
    calls().commit(writing({_name(key): to_row(record).body for key, record in decision.writes.items()}))
    records.update(decision.writes)
    return decision.result


def _name(key: Key) -> str:
    return f"{key.kind}/{key.id}"
