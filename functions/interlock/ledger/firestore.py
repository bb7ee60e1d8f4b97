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

import grpc

from interlock.domain.releases.model import Release
from interlock.google_rpc import Metadata, message_type, open_channel, routing, said, streaming, unary
from interlock.ledger.interface import Commit, Decision, LedgerUnavailable
from interlock.ledger.records import Key, Kind, Record, from_body, to_row

T = TypeVar("T")

_BatchGet = message_type("google.firestore.v1.BatchGetDocumentsRequest")
_BatchGot = message_type("google.firestore.v1.BatchGetDocumentsResponse")
_CommitRequest = message_type("google.firestore.v1.CommitRequest")
_Committed = message_type("google.firestore.v1.CommitResponse")
_RunQuery = message_type("google.firestore.v1.RunQueryRequest")
_QueryAnswer = message_type("google.firestore.v1.RunQueryResponse")
_Query = message_type("google.firestore.v1.StructuredQuery")

_SERVICE = "google.firestore.v1.Firestore"
_TIMEOUT_SECONDS = 30.0
_STORED = ("body", "state", "lane", "due_at", "updated_at")

# Somebody else wrote first: read again and decide again, for as long as a push may be answered.
_LOST_RACE = frozenset({grpc.StatusCode.ABORTED, grpc.StatusCode.ALREADY_EXISTS, grpc.StatusCode.FAILED_PRECONDITION})
_REMEMBERED = 256
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS, _PATIENCE_SECONDS = 0.02, 0.5, 30.0


@dataclass(frozen=True, slots=True)
class _Found:
    """A record as it was read, and what a commit that changes it must find; None: there was no record."""

    record: Record | None
    update_time: Any


class FirestoreLedger:
    """Implements Ledger and LedgerReader on one Firestore database; the channel is made on first use.

    `FIRESTORE_EMULATOR_HOST` leads it to an emulator, as it does Google's own clients.
    """

    def __init__(self, project: str, database: str) -> None:
        self._database = f"projects/{project}/databases/{database}"
        self._root = f"{self._database}/documents"
        self._written: dict[Key, _Found] = {}
        self._lock = threading.Lock()

    @cached_property
    def _endpoint(self) -> str | None:
        return os.environ.get("FIRESTORE_EMULATOR_HOST") or None

    @cached_property
    def _channel(self) -> grpc.Channel:
        retried = [f"{_SERVICE}/{method}" for method in ("BatchGetDocuments", "Commit", "RunQuery")]
        return open_channel("firestore.googleapis.com", endpoint=self._endpoint, retried=retried)

    @cached_property
    def _get(self) -> Any:
        return streaming(self._channel, f"{_SERVICE}/BatchGetDocuments", _BatchGet, _BatchGot)

    @cached_property
    def _commit(self) -> Any:
        return unary(self._channel, f"{_SERVICE}/Commit", _CommitRequest, _Committed)

    @cached_property
    def _query(self) -> Any:
        return streaming(self._channel, f"{_SERVICE}/RunQuery", _RunQuery, _QueryAnswer)

    @cached_property
    def _database_header(self) -> Metadata:
        """Google's front ends route by the database; the emulator lets its owner do everything."""
        owner = (("authorization", "Bearer owner"),) if self._endpoint else ()
        return (*routing("database", self._database), ("google-cloud-resource-prefix", self._database), *owner)

    @cached_property
    def _parent_header(self) -> Metadata:
        return (*routing("parent", self._root), *self._database_header[1:])

    def transact(self, keys: Iterable[Key], decide: Decision[T]) -> T:
        """Read, decide and commit; the decision runs again when another writer was faster."""
        first, deadline, pause = tuple(keys), time.monotonic() + _PATIENCE_SECONDS, _FIRST_PAUSE_SECONDS
        while True:
            try:
                return self._attempt(first, decide)
            except grpc.RpcError as error:
                code, words = said(error)
                if code not in _LOST_RACE or time.monotonic() > deadline:
                    raise LedgerUnavailable(words) from error
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
        request = _CommitRequest(database=self._database)
        for key, record in records.items():
            self._add(request.writes.add(), key, record, found.get(key))
        answer = self._commit(request, timeout=_TIMEOUT_SECONDS, metadata=self._database_header)
        with self._lock:
            for (key, record), result in zip(records.items(), answer.write_results, strict=False):
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

    def _add(self, write: Any, key: Key, record: Record, before: _Found | None) -> None:
        """Fill in the write where it stands in its request: a message that is made first is copied into it."""
        write.update.name = self._name(key)
        _fill(write.update.fields, record)
        if before is None:
            return
        if before.record is None:
            write.current_document.exists = False
        else:
            write.current_document.update_time.CopyFrom(before.update_time)

    def _read(self, keys: Sequence[Key]) -> dict[Key, _Found]:
        if not keys:
            return {}
        by_name = {self._name(key): key for key in keys}
        request = _BatchGet(database=self._database, documents=list(by_name))
        found: dict[Key, _Found] = {}
        for one in self._get(request, timeout=_TIMEOUT_SECONDS, metadata=self._database_header):
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
        except grpc.RpcError as error:
            raise LedgerUnavailable(said(error)[1]) from error

    def due(self, now: datetime, limit: int) -> Sequence[Release]:
        """Return the releases whose due instant has passed, oldest first."""
        condition = _Query.FieldFilter(field=_field("due_at"), op=_Query.FieldFilter.LESS_THAN_OR_EQUAL)
        _set(condition.value, now)
        where = _Query.Filter(field_filter=condition)
        return self._releases(order_by=[_order("due_at")], where=where, limit={"value": limit})

    def recent(self, limit: int) -> Sequence[Release]:
        """Return the releases that changed last, newest first."""
        return self._releases(order_by=[_order("updated_at", newest_first=True)], limit={"value": limit})

    def newest(self, kind: Kind) -> Iterator[Record]:
        """Yield all records of a kind, the last changed first."""
        return self._found(kind, order_by=[_order("updated_at", newest_first=True)])

    def _releases(self, **query: Any) -> Sequence[Release]:
        return [cast("Release", one) for one in self._found("releases", **query)]

    def _found(self, kind: Kind, **query: Any) -> Iterator[Record]:
        collection = _Query.CollectionSelector(collection_id=kind)
        structured = _Query(from_=[collection], **query)
        request = _RunQuery(parent=self._root, structured_query=structured)
        try:
            for answer in self._query(request, timeout=_TIMEOUT_SECONDS, metadata=self._parent_header):
                if answer.document.name:
                    yield _record(Key(kind, unquote(answer.document.name.rsplit("/", 1)[-1])), answer.document)
        except grpc.RpcError as error:
            raise LedgerUnavailable(said(error)[1]) from error

    def _name(self, key: Key) -> str:
        return f"{self._root}/{key.kind}/{_escaped(key.id)}"


@lru_cache(maxsize=1024)  # one event names its release and lane again and again
def _escaped(record_id: str) -> str:
    return quote(record_id, safe="")


def _record(key: Key, document: Any) -> Record:
    return from_body(key, document.fields["body"].string_value)


def _fill(fields: Any, record: Record) -> None:
    row = to_row(record)
    for name in _STORED:
        _set(fields[name], getattr(row, name))


def _set(value: Any, what: str | datetime | None) -> None:
    if what is None:
        value.null_value = 0
    elif isinstance(what, str):
        value.string_value = what
    else:
        value.timestamp_value.FromDatetime(what)


def _field(name: str) -> Any:
    return _Query.FieldReference(field_path=name)


def _order(name: str, *, newest_first: bool = False) -> Any:
    direction = _Query.DESCENDING if newest_first else _Query.ASCENDING
    return _Query.Order(field=_field(name), direction=direction)
