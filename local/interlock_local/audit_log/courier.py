"""Carries one route's letters until each is acknowledged: at least once, whatever the receiver does meanwhile."""

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from sqlite3 import Connection
from typing import Any

from interlock_local.audit_log import outbox
from interlock_local.audit_log.outbox import Letter, Route

Transaction = Callable[[], AbstractContextManager[Connection]]
Deliver = Callable[[Mapping[str, Any]], None]
AT_ONCE = 8
LOOK_AGAIN_SECONDS = 0.2

log = logging.getLogger("interlock_local.audit_log")


class Courier:
    """Looks for letters and sends each on its own thread, so that a slow one holds up no other."""

    def __init__(self, route: Route, transaction: Transaction, *, deliver: Deliver) -> None:
        self._route = route
        self._transaction = transaction
        self._deliver = deliver
        self._changed = threading.Condition()
        self._on_their_way: set[int] = set()
        self._is_stopping = False

    def start(self) -> None:
        """Begins with whatever an earlier server left."""
        threading.Thread(target=self._look_forever, name=f"courier-{self._route}", daemon=True).start()

    def stop(self, *, seconds: float) -> None:
        """Sends no more and gives what is on its way the time to arrive; the rest waits in the outbox."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._on_their_way, timeout=seconds)

    def _look_forever(self) -> None:
        with self._changed:
            while not self._is_stopping:
                for letter in self._due():
                    self._send(letter)
                self._changed.wait(LOOK_AGAIN_SECONDS)

    def _due(self) -> list[Letter]:
        with self._transaction() as connection:
            letters = outbox.due(connection, self._route, now=datetime.now(UTC), at_most=2 * AT_ONCE)
        free = AT_ONCE - len(self._on_their_way)
        return [letter for letter in letters if letter.number not in self._on_their_way][:free]

    def _send(self, letter: Letter) -> None:
        self._on_their_way.add(letter.number)
        threading.Thread(target=self._carry, args=(letter,), daemon=True).start()

    def _carry(self, letter: Letter) -> None:
        try:
            self._hand_over(letter)
        finally:
            with self._changed:
                self._on_their_way.discard(letter.number)
                self._changed.notify_all()

    def _hand_over(self, letter: Letter) -> None:
        try:
            self._deliver(letter.entry)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the letter must go again
            name = letter.entry["labels"]["run.googleapis.com/execution_name"]
            log.warning("%s: %s not taken, attempt %d: %s", name, self._route, letter.attempts + 1, error)
            with self._transaction() as connection:
                outbox.failed(connection, letter, now=datetime.now(UTC))
        else:
            with self._transaction() as connection:
                outbox.delivered(connection, letter)
