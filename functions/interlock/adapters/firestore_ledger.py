"""The ledger on Firestore: a collection per kind of record, one atomic commit per decision.

The commit carries a precondition for every record it writes: unchanged since it was read, or not there yet. Whoever
loses a race reads and decides again; nothing is locked while a decision is made.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import cached_property, partial
from typing import Any, TypeVar, cast
from urllib.parse import quote, unquote

from google.api_core.exceptions import (
    Aborted,
    AlreadyExists,
    FailedPrecondition,
    GoogleAPICallError,
    RetryError,
)
from google.api_core.retry import Retry, if_exception_type
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from interlock.codec import from_body, to_row
from interlock.domain.release import Release
from interlock.domain.transaction import Commit, Decision, Key, Kind, Record
from interlock.ports import LedgerUnavailable

T = TypeVar("T")

# Somebody else wrote first: read again and decide again, for as long as a push may be answered.
_LOST_RACE = Retry(
    predicate=if_exception_type(Aborted, AlreadyExists, FailedPrecondition), initial=0.02, maximum=0.5, timeout=30.0
)


class FirestoreLedger:
    """Implements Ledger and LedgerReader on one Firestore database; the client is made on first use."""

    def __init__(self, project: str, database: str) -> None:
        self._project = project
        self._database = database

    @cached_property
    def _client(self) -> firestore.Client:
        return firestore.Client(project=self._project, database=self._database)

    def transact(self, keys: Iterable[Key], decide: Decision[T]) -> T:
        """Read, decide and commit; the decision runs again when another writer was faster."""
        try:
            return _LOST_RACE(partial(self._attempt, tuple(keys), decide))()
        except (GoogleAPICallError, RetryError) as error:
            raise LedgerUnavailable(str(error)) from error

    def _attempt(self, keys: Sequence[Key], decide: Decision[T]) -> T:
        found = self._get(keys)
        while not isinstance(step := decide({key: _record(key, one) for key, one in found.items()}), Commit):
            found |= self._get(step.keys)
        self._commit(step.writes, found)
        return step.result

    def _commit(self, writes: Mapping[Key, Record], found: Mapping[Key, Any]) -> None:
        batch = self._client.batch()
        for key, record in writes.items():
            reference, row, before = self._reference(key), asdict(to_row(record)), found.get(key)
            if before is None:
                batch.set(reference, row)
            elif before.exists:
                batch.update(reference, row, self._client.write_option(last_update_time=before.update_time))
            else:
                batch.create(reference, row)
        if writes:
            batch.commit()

    def _get(self, keys: Sequence[Key]) -> dict[Key, Any]:
        by_path = {self._reference(key).path: key for key in keys}
        found = self._client.get_all([self._reference(key) for key in keys]) if keys else ()
        return {by_path[one.reference.path]: one for one in found}

    def read(self, key: Key) -> Record | None:
        """Return the record as last committed, or None."""
        try:
            return _record(key, self._reference(key).get())
        except (GoogleAPICallError, RetryError) as error:
            raise LedgerUnavailable(str(error)) from error

    def due(self, now: datetime, limit: int) -> Sequence[Release]:
        """Return the releases whose due instant has passed, oldest first."""
        releases = self._client.collection("releases")
        return self._releases(releases.where(filter=FieldFilter("due_at", "<=", now)).order_by("due_at"), limit)

    def recent(self, limit: int) -> Sequence[Release]:
        """Return the releases that changed last, newest first."""
        releases = self._client.collection("releases")
        return self._releases(releases.order_by("updated_at", direction=firestore.Query.DESCENDING), limit)

    def newest(self, kind: Kind) -> Iterator[Record]:
        """Yield all records of a kind, the last changed first."""
        query = self._client.collection(kind).order_by("updated_at", direction=firestore.Query.DESCENDING)
        try:
            for found in query.stream():
                yield from_body(Key(kind, unquote(found.id)), found.get("body"))
        except (GoogleAPICallError, RetryError) as error:
            raise LedgerUnavailable(str(error)) from error

    def _releases(self, query: firestore.Query, limit: int) -> Sequence[Release]:
        try:
            found = list(query.limit(limit).stream())
        except (GoogleAPICallError, RetryError) as error:
            raise LedgerUnavailable(str(error)) from error
        return [cast("Release", _record(Key("releases", unquote(one.id)), one)) for one in found]

    def _reference(self, key: Key) -> firestore.DocumentReference:
        return self._client.collection(key.kind).document(quote(key.id, safe=""))


def _record(key: Key, document: Any) -> Record | None:
    return from_body(key, document.get("body")) if document.exists else None
