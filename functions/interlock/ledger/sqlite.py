"""The ledger on SQLite: one file, one writer at a time; for a single machine."""

import sqlite3
import weakref
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar, cast

from interlock.domain.releases.model import Release
from interlock.ledger.interface import Commit, Decision, LedgerUnavailable
from interlock.ledger.records import Key, Kind, Record, from_body, to_row

T = TypeVar("T")

_WAIT_SECONDS = 30.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
    state TEXT, lane TEXT, due_at REAL, updated_at REAL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS records_due ON records (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS records_recent ON records (kind, updated_at);
"""


class SqliteLedger:
    """Implements Ledger and LedgerReader on one database file; safe across threads and processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_ready = False
        # Kept open: closing the last connection folds the write-ahead log into the file and waits for the disk.
        self._idle: deque[sqlite3.Connection] = deque()
        weakref.finalize(self, _close, self._idle)

    def transact(self, keys: Iterable[Key], decide: Decision[T]) -> T:
        """Read, decide and write while holding the file's one write lock."""
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            snapshot: dict[Key, Record | None] = {key: _select(connection, key) for key in keys}
            while not isinstance(step := decide(snapshot), Commit):
                snapshot |= {key: _select(connection, key) for key in step.keys}
            _upsert(connection, step.writes)
            connection.execute("COMMIT")
            return step.result

    def read(self, key: Key) -> Record | None:
        """Return the record as last committed, or None."""
        with self._connection() as connection:
            return _select(connection, key)

    def due(self, now: datetime, limit: int) -> Sequence[Release]:
        """Return the releases whose due instant has passed, oldest first."""
        query = "SELECT id, body FROM records WHERE due_at <= ? ORDER BY due_at LIMIT ?"
        return self._releases(query, (now.timestamp(), limit))

    def recent(self, limit: int) -> Sequence[Release]:
        """Return the releases that changed last, newest first."""
        query = "SELECT id, body FROM records WHERE kind = 'releases' ORDER BY updated_at DESC LIMIT ?"
        return self._releases(query, (limit,))

    def newest(self, kind: Kind) -> Iterator[Record]:
        """Yield all records of a kind, the last changed first."""
        query = "SELECT id, body FROM records WHERE kind = ? ORDER BY updated_at DESC, id DESC"
        with self._connection() as connection:
            for row in connection.execute(query, (kind,)):
                yield from_body(Key(kind, row[0]), row[1])

    def _releases(self, query: str, parameters: tuple[float, ...]) -> Sequence[Release]:
        with self._connection() as connection:
            rows = connection.execute(query, parameters).fetchall()
        return [cast("Release", from_body(Key("releases", row[0]), row[1])) for row in rows]

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection; one on which something failed is closed, which takes its transaction back."""
        try:
            connection = self._taken()
            try:
                self._prepare(connection)
                yield connection
            except BaseException:
                connection.close()
                raise
            self._idle.append(connection)
        except sqlite3.OperationalError as error:
            raise LedgerUnavailable(f"{self._path}: {error}") from error

    def _taken(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return _connect(self._path)

    def _prepare(self, connection: sqlite3.Connection) -> None:
        if not self._is_ready:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_SCHEMA)
            self._is_ready = True


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _close(idle: deque[sqlite3.Connection]) -> None:
    while idle:
        idle.pop().close()


def _select(connection: sqlite3.Connection, key: Key) -> Record | None:
    row = connection.execute("SELECT body FROM records WHERE kind = ? AND id = ?", (key.kind, key.id)).fetchone()
    return from_body(key, row[0]) if row else None


def _upsert(connection: sqlite3.Connection, writes: Mapping[Key, Record]) -> None:
    for key, row in [(key, to_row(record)) for key, record in writes.items()]:
        connection.execute(
            "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                key.kind,
                key.id,
                row.body,
                row.state,
                row.lane,
                *(instant and instant.timestamp() for instant in (row.due_at, row.updated_at)),
            ),
        )
