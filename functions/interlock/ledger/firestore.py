"""The ledger on Firestore: a collection per kind of record, one atomic commit per decision.

The commit carries a precondition for every record it writes: unchanged since it was read, or not there yet. Whoever
loses a race reads and decides again; nothing is locked while a decision is made. For the same reason a release that
this process has just written need not be read again: what it remembers is a guess, and the precondition holds it.
"""

import os
import random
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, TypeVar, cast
from urllib.parse import quote, unquote

from google.api_core.exceptions import Aborted, AlreadyExists, FailedPrecondition
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.types import (
    BatchGetDocumentsResponse,
    CommitResponse,
    RunQueryResponse,
    StructuredQuery,
)

from interlock.domain.releases.model import Release
from interlock.google.clients import CHANNEL_OPTIONS, PROBLEMS, RETRY, ChannelOptions, describe, open_client
from interlock.ledger.interface import Commit, Decision, LedgerUnavailable
from interlock.ledger.records import Key, Kind, Record, from_body, to_row

T = TypeVar("T")
Direction = StructuredQuery.Direction
Operator = StructuredQuery.FieldFilter.Operator

_TIMEOUT_SECONDS = 30.0
_STORED = ("body", "state", "lane", "due_at", "updated_at")

# Somebody else wrote first: read again and decide again, for as long as a push may be answered.
_LOST_RACE = (Aborted, AlreadyExists, FailedPrecondition)
_REMEMBERED = 256
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS, _PATIENCE_SECONDS = 0.02, 0.5, 30.0


@dataclass(frozen=True, slots=True)
class _Found:
    """A record as it was read, and what a commit that changes it must find; None: there was no record."""

    record: Record | None
    update_time: Any


class FirestoreLedger:
    """Implements Ledger and LedgerReader on one Firestore database; the client is opened on first use.

    `FIRESTORE_EMULATOR_HOST` leads it to an emulator, as it does Google's own clients.
    """

    def __init__(self, project: str, database: str, options: ChannelOptions = CHANNEL_OPTIONS) -> None:
        self._database = f"projects/{project}/databases/{database}"
        self._root = f"{self._database}/documents"
        self._options = options
        self._written: dict[Key, _Found] = {}
        self._lock = threading.Lock()

    @cached_property
    def _client(self) -> FirestoreClient:
        endpoint = os.environ.get("FIRESTORE_EMULATOR_HOST") or None
        client: FirestoreClient = open_client(FirestoreClient, endpoint, self._options)
        return client

    @cached_property
    def _how(self) -> dict[str, Any]:
        """How every call is made; Firestore's own client names the database in a header as well."""
        metadata = (("google-cloud-resource-prefix", self._database),)
        return {"retry": RETRY, "timeout": _TIMEOUT_SECONDS, "metadata": metadata}

    def transact(self, keys: Iterable[Key], decide: Decision[T]) -> T:
        """Read, decide and commit; the decision runs again when another writer was faster."""
        first, deadline, pause = tuple(keys), time.monotonic() + _PATIENCE_SECONDS, _FIRST_PAUSE_SECONDS
        while True:
            try:
                return self._attempt(first, decide)
            except _LOST_RACE as error:
                if time.monotonic() > deadline:
                    raise LedgerUnavailable(describe(error)) from error
            except PROBLEMS as error:
                raise LedgerUnavailable(describe(error)) from error
            time.sleep(random.uniform(0, pause))  # noqa: S311 - the pause is no secret
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    def _attempt(self, keys: Sequence[Key], decide: Decision[T]) -> T:
        found = self._remembered(keys)
        step = decide({key: one.record for key, one in found.items()}) if found else None
        if not isinstance(step, Commit) or not step.writes.keys() >= found.keys():
            found, step = self._read_on(keys, decide)
        if step.writes:
            self._save(step.writes, found)
        return step.result

    def _read_on(self, keys: Sequence[Key], decide: Decision[T]) -> tuple[dict[Key, _Found], Commit[T]]:
        found = self._read(keys)
        while not isinstance(step := decide({key: one.record for key, one in found.items()}), Commit):
            found |= self._read(step.keys)
        return found, step

    def _save(self, records: Mapping[Key, Record], found: Mapping[Key, _Found]) -> None:
        writes = [self._write(key, record, found.get(key)) for key, record in records.items()]
        answer = self._client.commit(request={"database": self._database, "writes": writes}, **self._how)
        results = CommitResponse.pb(answer).write_results
        with self._lock:
            for (key, record), result in zip(records.items(), results, strict=False):
                if key.kind == "releases":
                    self._written[key] = _Found(record, result.update_time)
            while len(self._written) > _REMEMBERED:
                del self._written[next(iter(self._written))]

    def _remembered(self, keys: Sequence[Key]) -> dict[Key, _Found]:
        """Return what was written last under these keys, or nothing unless it is all of them; a guess serves once.

        A decision stands on it only where it writes, and so guards, every record that it saw.
        """
        with self._lock:
            found = {key: self._written.pop(key) for key in keys if key in self._written}
        return found if len(found) == len(keys) else {}

    def _write(self, key: Key, record: Record, before: _Found | None) -> dict[str, Any]:
        row = to_row(record)
        fields = {name: _value(getattr(row, name)) for name in _STORED}
        write: dict[str, Any] = {"update": {"name": self._name(key), "fields": fields}}
        if before is not None:
            is_new = before.record is None
            write["current_document"] = {"exists": False} if is_new else {"update_time": before.update_time}
        return write

    def _read(self, keys: Sequence[Key]) -> dict[Key, _Found]:
        if not keys:
            return {}
        by_name = {self._name(key): key for key in keys}
        request = {"database": self._database, "documents": list(by_name)}
        found: dict[Key, _Found] = {}
        for one in map(BatchGetDocumentsResponse.pb, self._client.batch_get_documents(request=request, **self._how)):
            if one.missing:
                found[by_name[one.missing]] = _Found(None, None)
            elif one.found.name:
                key = by_name[one.found.name]
                found[key] = _Found(_record(key, one.found), one.found.update_time)
        return found

    def read(self, key: Key) -> Record | None:
        """Return the record as last committed, or None."""
        try:
            return self._read((key,))[key].record
        except PROBLEMS as error:
            raise LedgerUnavailable(describe(error)) from error

    def due(self, now: datetime, limit: int) -> Sequence[Release]:
        """Return the releases whose due instant has passed, oldest first."""
        condition = {"field": _field("due_at"), "op": Operator.LESS_THAN_OR_EQUAL, "value": _value(now)}
        return self._releases(order_by=[_order("due_at")], where={"field_filter": condition}, limit={"value": limit})

    def recent(self, limit: int) -> Sequence[Release]:
        """Return the releases that changed last, newest first."""
        return self._releases(order_by=[_order("updated_at", newest_first=True)], limit={"value": limit})

    def newest(self, kind: Kind) -> Iterator[Record]:
        """Yield all records of a kind, the last changed first."""
        return self._found(kind, order_by=[_order("updated_at", newest_first=True)])

    def _releases(self, **query: Any) -> Sequence[Release]:
        return [cast("Release", one) for one in self._found("releases", **query)]

    def _found(self, kind: Kind, **query: Any) -> Iterator[Record]:
        request = {"parent": self._root, "structured_query": {"from_": [{"collection_id": kind}], **query}}
        try:
            for answer in map(RunQueryResponse.pb, self._client.run_query(request=request, **self._how)):
                if answer.document.name:
                    yield _record(Key(kind, unquote(answer.document.name.rsplit("/", 1)[-1])), answer.document)
        except PROBLEMS as error:
            raise LedgerUnavailable(describe(error)) from error

    def _name(self, key: Key) -> str:
        return f"{self._root}/{key.kind}/{_escaped(key.id)}"


@lru_cache(maxsize=1024)  # one event names its release and lane again and again
def _escaped(record_id: str) -> str:
    return quote(record_id, safe="")


def _record(key: Key, document: Any) -> Record:
    return from_body(key, document.fields["body"].string_value)


def _value(stored: str | datetime | None) -> dict[str, Any]:
    if stored is None:
        return {"null_value": 0}
    return {"string_value": stored} if isinstance(stored, str) else {"timestamp_value": stored}


def _field(name: str) -> dict[str, str]:
    return {"field_path": name}


def _order(name: str, *, newest_first: bool = False) -> dict[str, Any]:
    direction = Direction.DESCENDING if newest_first else Direction.ASCENDING
    return {"field": _field(name), "direction": direction}
