"""Delivers the pending entries of one destination until each is acknowledged: at least once, as Google promises."""

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from sqlite3 import Connection
from typing import Any

from interlock_local.audit_log import pending_deliveries
from interlock_local.audit_log.pending_deliveries import Destination, PendingDelivery

Transaction = Callable[[], AbstractContextManager[Connection]]
Deliver = Callable[[Mapping[str, Any]], None]
MAX_IN_FLIGHT = 8
POLL_SECONDS = 0.2

log = logging.getLogger("interlock_local.audit_log")


class DeliveryWorker:
    """Polls for due deliveries and makes each on its own thread, so that a slow one delays no other."""

    def __init__(self, destination: Destination, transaction: Transaction, *, deliver: Deliver) -> None:
        self._destination = destination
        self._transaction = transaction
        self._deliver = deliver
        self._changed = threading.Condition()
        self._in_flight: set[int] = set()
        self._is_stopping = False

    def start(self) -> None:
        """Start with whatever an earlier process left pending."""
        threading.Thread(target=self._poll_forever, name=f"deliver-{self._destination}", daemon=True).start()

    def stop(self, *, seconds: float) -> None:
        """Start no further delivery and wait for those in flight; the rest stays pending for the next process."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._in_flight, timeout=seconds)

    def _poll_forever(self) -> None:
        with self._changed:
            while not self._is_stopping:
                for delivery in self._due():
                    self._start_delivery(delivery)
                self._changed.wait(POLL_SECONDS)

    def _due(self) -> list[PendingDelivery]:
        # Those in flight are still in the table, hence twice the limit.
        with self._transaction() as connection:
            deliveries = pending_deliveries.due(
                connection, self._destination, now=datetime.now(UTC), limit=2 * MAX_IN_FLIGHT
            )
        free = MAX_IN_FLIGHT - len(self._in_flight)
        return [delivery for delivery in deliveries if delivery.number not in self._in_flight][:free]

    def _start_delivery(self, delivery: PendingDelivery) -> None:
        self._in_flight.add(delivery.number)
        threading.Thread(target=self._run_delivery, args=(delivery,), daemon=True).start()

    def _run_delivery(self, delivery: PendingDelivery) -> None:
        try:
            self._attempt(delivery)
        finally:
            with self._changed:
                self._in_flight.discard(delivery.number)
                self._changed.notify_all()

    def _attempt(self, delivery: PendingDelivery) -> None:
        try:
            self._deliver(delivery.entry)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the delivery has to be repeated
            name = delivery.entry["labels"]["run.googleapis.com/execution_name"]
            attempt = delivery.attempts + 1
            log.warning("%s: %s not taken, attempt %d: %s", name, self._destination, attempt, error)
            with self._transaction() as connection:
                pending_deliveries.retry_later(connection, delivery, now=datetime.now(UTC))
        else:
            with self._transaction() as connection:
                pending_deliveries.remove(connection, delivery)
