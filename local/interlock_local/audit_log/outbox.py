"""Letters that wait for their route to take them. Written with what they tell, so that no completion goes untold."""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

TABLES = """
CREATE TABLE IF NOT EXISTS letter (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    route TEXT NOT NULL,
    due REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    entry BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS letter_by_due ON letter (route, due);
"""
FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 30.0


class Route(StrEnum):
    """The two ways in which the platform can deliver a log entry."""

    EVENTARC = "eventarc"
    SINK = "sink"


@dataclass(frozen=True, slots=True)
class Letter:
    """One entry on one route; `number` and `attempts` are the outbox's own."""

    route: Route
    entry: Mapping[str, Any]
    number: int = 0
    attempts: int = 0


def pause(attempts: int) -> timedelta:
    """How long to wait after so many failed attempts: doubles from a quarter of a second to half a minute."""
    doubled = FIRST_PAUSE_SECONDS * 2 ** min(attempts, 16)
    return timedelta(seconds=min(doubled, LONGEST_PAUSE_SECONDS))


def add(connection: sqlite3.Connection, letters: Iterable[Letter]) -> None:
    """Puts them in, due at once."""
    rows = [(letter.route, msgspec.json.encode(letter.entry)) for letter in letters]
    connection.executemany("INSERT INTO letter (route, due, entry) VALUES (?, 0, ?)", rows)


def due(connection: sqlite3.Connection, route: Route, *, now: datetime, at_most: int) -> list[Letter]:
    """The route's letters whose time has come, oldest first."""
    rows = connection.execute(
        "SELECT number, attempts, entry FROM letter WHERE route = ? AND due <= ? ORDER BY number LIMIT ?",
        (route, now.timestamp(), at_most),
    ).fetchall()
    return [Letter(route, msgspec.json.decode(entry), number, attempts) for number, attempts, entry in rows]


def delivered(connection: sqlite3.Connection, letter: Letter) -> None:
    """The route has acknowledged it."""
    connection.execute("DELETE FROM letter WHERE number = ?", (letter.number,))


def failed(connection: sqlite3.Connection, letter: Letter, *, now: datetime) -> None:
    """The route did not take it: again later."""
    due_at = (now + pause(letter.attempts)).timestamp()
    attempts = letter.attempts + 1
    query = "UPDATE letter SET due = ?, attempts = ? WHERE number = ?"
    connection.execute(query, (due_at, attempts, letter.number))
