"""When a decision is made: as the ledger asks for it, not before."""

from collections.abc import Iterable
from typing import TypeVar

from interlock.domain.releases.events import RequestReceived
from interlock.domain.releases.model import State
from interlock.ledger.interface import Decision
from interlock.ledger.records import Key
from interlock.services.release_service import ReleaseService
from tests.build import a_release, at
from tests.fakes import Clock, MemoryLedger

T = TypeVar("T")


class SlowLedger(MemoryLedger):
    """A ledger that asks for the decision a minute after the transaction was begun."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def transact(self, keys: Iterable[Key], decide: Decision[T]) -> T:
        self._clock.forward(seconds=60)
        return super().transact(keys, decide)


def test_a_release_whose_last_instant_passes_while_the_ledger_is_slow_does_not_start() -> None:
    clock = Clock()
    releases = ReleaseService(ledger=SlowLedger(clock), instance="test", now=clock)
    applied = releases.apply("web-1", RequestReceived(a_release(not_after=at(30))))
    assert applied.release is not None
    assert applied.release.state is State.EXPIRED
