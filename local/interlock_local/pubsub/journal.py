"""All that must outlive the process, in SQLite; what is written meanwhile goes into the next transaction together."""

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


class Journal:
    """Writes in order; a caller that must know waits for `settled`."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(TABLES)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._pending: list[tuple[str, Sequence[Any]]] = []
        self._waiting: list[asyncio.Future[None]] = []
        self._writing: asyncio.Task[None] | None = None

    def read(self, query: str) -> list[Any]:
        """Everything at once; used before serving starts."""
        return self._connection.execute(query).fetchall()

    def write(self, statement: str, *values: Any) -> None:
        """Kept from the next commit on, which begins at once."""
        self._pending.append((statement, values))
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._commit_all())

    async def settled(self) -> None:
        """Returns when all that was written so far is kept."""
        if self._writing is None:
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        await waiter

    async def close(self) -> None:
        """Leaves a file that needs no recovery."""
        await self.settled()
        self._thread.shutdown()
        self._connection.close()

    async def _commit_all(self) -> None:
        try:
            while self._pending or self._waiting:
                await self._commit()
        finally:
            self._writing = None

    async def _commit(self) -> None:
        batch, self._pending = self._pending, []
        waiting, self._waiting = self._waiting, []
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._apply, batch)
        except sqlite3.Error as error:
            _finish(waiting, error)
            raise
        _finish(waiting)

    def _apply(self, batch: list[tuple[str, Sequence[Any]]]) -> None:
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            for statement, values in batch:
                self._connection.execute(statement, values)


def _finish(waiting: list[asyncio.Future[None]], error: Exception | None = None) -> None:
    for waiter in waiting:
        if waiter.done():
            continue
        if error:
            waiter.set_exception(error)
        else:
            waiter.set_result(None)
