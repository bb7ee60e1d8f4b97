"""A connection that breaks or dies in silence costs the ledger seconds, not the minutes that gRPC would take."""

from collections.abc import Iterator

import pytest

from interlock.domain.releases.lane import Lane
from interlock.google.clients import CHANNEL_OPTIONS, ChannelOptions
from interlock.ledger.firestore import FirestoreLedger
from interlock.ledger.interface import Commit, LedgerUnavailable
from interlock.ledger.records import Key
from interlock_local.emulators.google_emulators import GoogleEmulator
from tests.faults.tcp_proxy import TcpProxy

LANE = Key("lanes", "staging/web")
HELD = Lane(key=LANE.id, holders=("web-1",))


def hastened(options: ChannelOptions) -> ChannelOptions:
    """Return the options with every time a tenth of what is shipped."""
    return [(name, int(value) // 10 if name.endswith("_ms") else value) for name, value in options]


@pytest.fixture
def proxy(firestore_emulator: GoogleEmulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[TcpProxy]:
    with TcpProxy(firestore_emulator.address) as running:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", running.address)
        yield running


@pytest.fixture
def ledger(proxy: TcpProxy) -> FirestoreLedger:
    """A ledger that has a connection, and a lane in it."""
    opened = FirestoreLedger(f"test-{proxy.port}", "(default)", hastened(CHANNEL_OPTIONS))
    opened.transact((LANE,), lambda _: Commit({LANE: HELD}, None))
    return opened


def test_a_read_on_a_connection_that_fell_silent_is_made_again_on_a_new_one(
    proxy: TcpProxy, ledger: FirestoreLedger
) -> None:
    proxy.fall_silent()
    assert ledger.read(LANE) == HELD
    assert proxy.connections == 2


def test_a_commit_on_a_connection_that_fell_silent_is_made_on_a_new_one(
    proxy: TcpProxy, ledger: FirestoreLedger
) -> None:
    freed = Lane(key=LANE.id)

    def free(_: object) -> Commit[None]:
        proxy.fall_silent()
        return Commit({LANE: freed}, None)

    ledger.transact((LANE,), free)
    assert ledger.read(LANE) == freed


def test_a_ledger_without_a_connection_is_unavailable(proxy: TcpProxy, ledger: FirestoreLedger) -> None:
    proxy.cut()
    with pytest.raises(LedgerUnavailable, match="UNAVAILABLE: failed to connect to all addresses"):
        ledger.read(LANE)


def test_the_first_call_after_an_outage_gets_through(proxy: TcpProxy) -> None:
    """However long it was: the pause before a new connection is tried has a bound that a call outlasts."""
    after_a_long_outage = ("grpc.initial_reconnect_backoff_ms", 60_000)
    ledger = FirestoreLedger("test", "(default)", [after_a_long_outage, *hastened(CHANNEL_OPTIONS)])
    proxy.cut()
    with pytest.raises(LedgerUnavailable):
        ledger.read(LANE)
    proxy.restore()
    assert ledger.read(LANE) is None
