"""What a ledger remembers of its own writes saves a read, and never decides over another worker's head."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bench.processes import Google, google
from interlock.domain.releases.model import Release
from interlock.ledger.firestore import FirestoreLedger
from interlock.ledger.interface import Commit, Snapshot
from interlock.ledger.records import Key
from tests.build import a_release

KEY = Key("releases", "one")


@pytest.fixture(scope="module")
def side() -> Iterator[Google]:
    with google() as running:
        yield running


@pytest.fixture
def ledgers(side: Google, monkeypatch: pytest.MonkeyPatch) -> tuple[FirestoreLedger, FirestoreLedger]:
    """Two workers on one database, of which the first has just written the release."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", side.address)
    side.reset()
    ours, theirs = (FirestoreLedger("p", "d") for _ in range(2))
    ours.transact((), lambda _: Commit({KEY: a_release("one")}, None))
    theirs.read(KEY)
    return ours, theirs


def fence_further(snapshot: Snapshot) -> Commit[int]:
    found = snapshot[KEY]
    assert isinstance(found, Release)
    return Commit({KEY: replace(found, fencing_token=found.fencing_token + 1)}, found.fencing_token)


def test_what_we_wrote_last_is_not_read_again(side: Google, ledgers: tuple[FirestoreLedger, FirestoreLedger]) -> None:
    ours, _ = ledgers
    before = side.counts()["read"]
    assert [ours.transact((KEY,), fence_further) for _ in range(3)] == [0, 1, 2]
    assert side.counts()["read"] == before


def test_a_decision_on_what_another_has_changed_is_made_again(ledgers: tuple[FirestoreLedger, FirestoreLedger]) -> None:
    ours, theirs = ledgers
    theirs.transact((KEY,), fence_further)
    theirs.transact((KEY,), fence_further)
    assert ours.transact((KEY,), fence_further) == 2
    found = ours.read(KEY)
    assert isinstance(found, Release)
    assert found.fencing_token == 3


def test_a_decision_that_writes_nothing_is_never_made_on_a_guess(
    ledgers: tuple[FirestoreLedger, FirestoreLedger],
) -> None:
    ours, theirs = ledgers
    theirs.transact((KEY,), fence_further)

    def look(snapshot: Snapshot) -> Commit[int]:
        found = snapshot[KEY]
        assert isinstance(found, Release)
        return Commit({}, found.fencing_token)

    assert ours.transact((KEY,), look) == 1


def test_a_decision_that_sees_more_than_it_remembers_reads_it_all(
    side: Google, ledgers: tuple[FirestoreLedger, FirestoreLedger]
) -> None:
    ours, _ = ledgers
    before = side.counts()["read"]
    ours.transact((KEY, Key("lanes", "staging/web")), fence_further)
    assert side.counts()["read"] == before + 2
