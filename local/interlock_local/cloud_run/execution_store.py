"""Executions in SQLite; a caller's transaction takes other tables of the same file along."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from interlock_local.cloud_run.execution import Execution, Task

TABLES = """
CREATE TABLE IF NOT EXISTS execution (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    uid TEXT NOT NULL UNIQUE,
    job TEXT NOT NULL,
    name TEXT NOT NULL UNIQUE,
    is_open INTEGER NOT NULL,
    is_deleted INTEGER NOT NULL,
    document BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS execution_by_job ON execution (job, position);
CREATE INDEX IF NOT EXISTS open_execution ON execution (is_open) WHERE is_open;
CREATE TABLE IF NOT EXISTS task (
    execution TEXT NOT NULL, position INTEGER NOT NULL, document BLOB NOT NULL,
    PRIMARY KEY (execution, position)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list call; `next_position` is where the next begins."""

    executions: tuple[Execution, ...]
    next_position: int | None


class Database:
    """One connection for all threads; what is committed survives the death of the process."""

    def __init__(self, path: Path, *scripts: str) -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        for script in scripts:
            self._connection.executescript(script)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit all that the block writes, or nothing."""
        with self._lock, self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            yield self._connection

    def close(self) -> None:
        """Close the file, so that the next process needs no recovery."""
        with self._lock:
            self._connection.close()


def save(connection: sqlite3.Connection, execution: Execution, *, before: Execution | None = None) -> None:
    """Write what differs from `before`, so that a change of one task in ten thousand costs one row."""
    known = before.tasks if before else (None,) * len(execution.tasks)
    changed = [task for task, old in zip(execution.tasks, known, strict=True) if task is not old]
    connection.execute(
        "INSERT INTO execution (uid, job, name, is_open, is_deleted, document) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (uid) DO UPDATE SET is_open = excluded.is_open, is_deleted = excluded.is_deleted,"
        " document = excluded.document",
        _row(execution),
    )
    connection.executemany(
        "INSERT OR REPLACE INTO task VALUES (?, ?, ?)",
        [(execution.uid, task.index, msgspec.json.encode(task)) for task in changed],
    )


def find(connection: sqlite3.Connection, job: str, *, name: str) -> Execution | None:
    """Return the execution by its job's full and its own short name, unless it is deleted."""
    query = "SELECT document FROM execution WHERE job = ? AND name = ? AND NOT is_deleted"
    row = connection.execute(query, (job, name)).fetchone()
    return _load(connection, row[0]) if row else None


def find_by_uid(connection: sqlite3.Connection, uid: str) -> Execution | None:
    """Return the execution even if it is deleted, as an operation outlives its execution."""
    row = connection.execute("SELECT document FROM execution WHERE uid = ?", (uid,)).fetchone()
    return _load(connection, row[0]) if row else None


def open_executions(connection: sqlite3.Connection) -> list[Execution]:
    """Return all that are not completed, oldest first."""
    rows = connection.execute("SELECT document FROM execution WHERE is_open ORDER BY position").fetchall()
    return [_load(connection, document) for (document,) in rows]


def count(connection: sqlite3.Connection, job: str) -> int:
    """Return how many executions the job has."""
    query = "SELECT count(*) FROM execution WHERE job = ? AND NOT is_deleted"
    return int(connection.execute(query, (job,)).fetchone()[0])


def page(connection: sqlite3.Connection, job: str | None, *, before: int | None, size: int, deleted: bool) -> Page:
    """Return a page of executions, newest first, from below a position on; without a job, of all jobs."""
    rows = connection.execute(
        "SELECT position, document FROM execution WHERE (?1 IS NULL OR job = ?1)"
        " AND (?2 IS NULL OR position < ?2) AND (?3 OR NOT is_deleted) ORDER BY position DESC LIMIT ?4",
        (job, before, deleted, size + 1),
    ).fetchall()
    shown = rows[:size]
    executions = tuple(_load(connection, document) for _, document in shown)
    return Page(executions, shown[-1][0] if len(rows) > size else None)


def _row(execution: Execution) -> Sequence[object]:
    document = msgspec.json.encode(replace(execution, tasks=()))
    is_open, is_deleted = execution.completed_at is None, execution.deleted_at is not None
    return (execution.uid, execution.job, execution.name, is_open, is_deleted, document)


def _load(connection: sqlite3.Connection, document: bytes) -> Execution:
    execution = msgspec.json.decode(document, type=Execution)
    query = "SELECT document FROM task WHERE execution = ? ORDER BY position"
    rows = connection.execute(query, (execution.uid,)).fetchall()
    return replace(execution, tasks=tuple(msgspec.json.decode(row[0], type=Task) for row in rows))
