"""The ledger on Firestore: a collection per kind of record, serialisable transactions with retries."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar, cast
from urllib.parse import quote, unquote

from google.api_core.exceptions import Aborted, GoogleAPICallError, RetryError
from google.api_core.retry import Retry, if_exception_type
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from interlock.codec import from_body, to_row
from interlock.domain.release import Release
from interlock.domain.transaction import Commit, Decision, Key, Record
from interlock.ports import LedgerUnavailable

T = TypeVar("T")

_ATTEMPTS = 12

# The library's own retries cover the commit; a read that loses its lock to another writer aborts outside of them.
_ON_CONTENTION = Retry(predicate=if_exception_type(Aborted), initial=0.05, maximum=1.0, timeout=30.0)


class FirestoreLedger:
    """Implements Ledger and LedgerReader on one Firestore database; the client is made on first use."""

    def __init__(self, project: str, database: str) -> None:
        self._project = project
        self._database = database

    @cached_property
    def _client(self) -> firestore.Client:
        return firestore.Client(project=self._project, database=self._database)

    def transact(self, keys: Iterable[Key], decide: Decision[T]) -> T:
        """Read, decide and write in one transaction; the decision runs again when another writer was faster."""
        wanted = tuple(keys)

        @firestore.transactional
        def attempt(transaction: firestore.Transaction) -> T:
            snapshot = self._read_all(wanted, transaction)
            while not isinstance(step := decide(snapshot), Commit):
                snapshot |= self._read_all(step.keys, transaction)
            for key, record in step.writes.items():
                transaction.set(self._reference(key), asdict(to_row(record)))
            return step.result

        return self._committed(lambda: cast("T", attempt(self._client.transaction(max_attempts=_ATTEMPTS))))

    def _committed(self, attempt: Callable[[], T]) -> T:
        try:
            return _ON_CONTENTION(attempt)()
        except (GoogleAPICallError, RetryError) as error:
            raise LedgerUnavailable(str(error)) from error
        except ValueError as error:
            if not isinstance(error.__cause__, Aborted):
                raise
            raise LedgerUnavailable(str(error.__cause__)) from error

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

    def _releases(self, query: firestore.Query, limit: int) -> Sequence[Release]:
        try:
            found = list(query.limit(limit).stream())
        except (GoogleAPICallError, RetryError) as error:
            raise LedgerUnavailable(str(error)) from error
        return [cast("Release", _record(Key("releases", unquote(one.id)), one)) for one in found]

    def _read_all(self, keys: Sequence[Key], transaction: firestore.Transaction) -> dict[Key, Record | None]:
        references = {self._reference(key).path: key for key in keys}
        found = transaction.get_all([self._reference(key) for key in keys])
        by_path: Mapping[str, Any] = {one.reference.path: one for one in found}
        return {key: _record(key, by_path[path]) for path, key in references.items()}

    def _reference(self, key: Key) -> firestore.DocumentReference:
        return self._client.collection(key.kind).document(quote(key.id, safe=""))


def _record(key: Key, document: Any) -> Record | None:
    return from_body(key, document.get("body")) if document.exists else None
