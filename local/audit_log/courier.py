"""Carries one route's letters until each is acknowledged: at least once, whatever the receiver does meanwhile."""

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from sqlite3 import Connection
from typing import Any

from local.audit_log import outbox
from local.audit_log.outbox import Letter, Route

Transaction = Callable[[], AbstractContextManager[Connection]]
Deliver = Callable[[Mapping[str, Any]], None]
AT_ONCE = 8
LOOK_AGAIN_SECONDS = 0.2

log = logging.getLogger("local.audit_log")


class Courier:
    """One thread that looks for letters, and a few that carry them."""

    def __init__(self, route: Route, transaction: Transaction, deliver: Deliver) -> None:
        self._route = route
        self._transaction = transaction
        self._deliver = deliver
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._carry_forever, name=f"courier-{route}", daemon=True)

    def start(self) -> None:
        """Begins with whatever an earlier server left."""
        self._thread.start()

    def stop(self) -> None:
        """Finishes what is on its way; the rest waits in the outbox."""
        self._is_stopping.set()
        self._thread.join()

    def _carry_forever(self) -> None:
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix=f"courier-{self._route}") as carriers:
            while not self._is_stopping.is_set():
                letters = self._due()
                list(carriers.map(self._carry, letters))
                if not letters:
                    self._is_stopping.wait(LOOK_AGAIN_SECONDS)

    def _due(self) -> list[Letter]:
        with self._transaction() as connection:
            return outbox.due(connection, self._route, now=datetime.now(UTC), at_most=AT_ONCE)

    def _carry(self, letter: Letter) -> None:
        try:
            self._deliver(letter.entry)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the letter must go again
            log.warning("%s: not delivered, attempt %d: %s", self._route, letter.attempts + 1, error)
            with self._transaction() as connection:
                outbox.failed(connection, letter, now=datetime.now(UTC))
        else:
            with self._transaction() as connection:
                outbox.delivered(connection, letter)
