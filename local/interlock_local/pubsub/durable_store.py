"""SQLite storage of all that must survive the process; writes made while a transaction commits share the next one."""

import asyncio
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

TABLES = """
CREATE TABLE IF NOT EXISTS topic (name TEXT PRIMARY KEY, document BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS subscription (name TEXT PRIMARY KEY, document BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS message (number INTEGER PRIMARY KEY, document BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS delivery (
    subscription TEXT NOT NULL, number INTEGER NOT NULL, failures INTEGER NOT NULL, due REAL NOT NULL,
    PRIMARY KEY (subscription, number)
) WITHOUT ROWID;
"""


class DurableStore:
    """Writes are applied in order; a caller whose answer promises durability awaits `flush` first."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(TABLES)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="durable-store")
        self._pending: list[tuple[str, Sequence[Any]]] = []
        self._waiters: list[asyncio.Future[None]] = []
        self._committing: asyncio.Task[None] | None = None

    def read(self, query: str) -> list[Any]:
        """Return all rows; it blocks, so it is used only before serving starts."""
        return self._connection.execute(query).fetchall()

    def write(self, statement: str, *values: Any) -> None:
        """Add a statement to the next transaction, and start one if none runs."""
        self._pending.append((statement, values))
        if self._committing is None:
            self._committing = asyncio.get_running_loop().create_task(self._commit_all())

    async def flush(self) -> None:
        """Return when all that was written so far is committed."""
        if self._committing is None:
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        await waiter

    async def close(self) -> None:
        """Commit what is pending and close the file, so that the next process needs no recovery."""
        await self.flush()
        self._thread.shutdown()
        self._connection.close()

    async def _commit_all(self) -> None:
        try:
            while self._pending or self._waiters:
                await self._commit()
        finally:
            self._committing = None

    async def _commit(self) -> None:
        batch, self._pending = self._pending, []
        waiters, self._waiters = self._waiters, []
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._apply, batch)
        except sqlite3.Error as error:
            _resolve(waiters, error)
            raise
        _resolve(waiters)

    def _apply(self, batch: list[tuple[str, Sequence[Any]]]) -> None:
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            for statement, values in batch:
                self._connection.execute(statement, values)


def _resolve(waiters: list[asyncio.Future[None]], error: Exception | None = None) -> None:
    for waiter in waiters:
        if waiter.done():
            continue
        if error:
            waiter.set_exception(error)
        else:
            waiter.set_result(None)
