"""Log entries that a destination has not acknowledged yet.

They are written in the transaction that completes an execution, so that no completion goes undelivered.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

# The table keeps the names that state directories of earlier versions hold.
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
FIRST_BACKOFF_SECONDS = 0.25
LONGEST_BACKOFF_SECONDS = 30.0


class Destination(StrEnum):
    """The two ways in which Google can deliver a log entry."""

    EVENTARC = "eventarc"
    SINK = "sink"


@dataclass(frozen=True, slots=True)
class PendingDelivery:
    """One entry for one destination; `number` and `attempts` are given by the table."""

    destination: Destination
    entry: Mapping[str, Any]
    number: int = 0
    attempts: int = 0


def backoff(attempts: int) -> timedelta:
    """Return how long to wait after so many failed attempts: a quarter of a second, doubling up to half a minute."""
    doubled = FIRST_BACKOFF_SECONDS * 2 ** min(attempts, 16)
    return timedelta(seconds=min(doubled, LONGEST_BACKOFF_SECONDS))


def add(connection: sqlite3.Connection, deliveries: Iterable[PendingDelivery]) -> None:
    """Add deliveries that are due at once."""
    rows = [(delivery.destination, msgspec.json.encode(delivery.entry)) for delivery in deliveries]
    connection.executemany("INSERT INTO letter (route, due, entry) VALUES (?, 0, ?)", rows)


def due(
    connection: sqlite3.Connection, destination: Destination, *, now: datetime, limit: int
) -> list[PendingDelivery]:
    """Return the destination's deliveries that are due, oldest first."""
    rows = connection.execute(
        "SELECT number, attempts, entry FROM letter WHERE route = ? AND due <= ? ORDER BY number LIMIT ?",
        (destination, now.timestamp(), limit),
    ).fetchall()
    return [
        PendingDelivery(destination, msgspec.json.decode(entry), number, attempts) for number, attempts, entry in rows
    ]


def remove(connection: sqlite3.Connection, delivery: PendingDelivery) -> None:
    """Remove a delivery that was acknowledged."""
    connection.execute("DELETE FROM letter WHERE number = ?", (delivery.number,))


def retry_later(connection: sqlite3.Connection, delivery: PendingDelivery, *, now: datetime) -> None:
    """Schedule the next attempt of a delivery that failed."""
    due_at = (now + backoff(delivery.attempts)).timestamp()
    query = "UPDATE letter SET due = ?, attempts = ? WHERE number = ?"
    connection.execute(query, (due_at, delivery.attempts + 1, delivery.number))
