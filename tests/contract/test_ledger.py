"""Every ledger keeps the same promises: SQLite, Firestore, and the one in memory that unit tests use."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from interlock.bootstrap import FullLedger, open_ledger
from interlock.domain.releases.lane import Lane, Waiting, wait
from interlock.domain.releases.model import Release, State
from interlock.ledger.interface import Commit, LedgerUnavailable, Load, Snapshot
from interlock.ledger.records import Key
from tests.build import NOW, a_release, at
from tests.fakes import MemoryLedger

LANE = Key("lanes", "staging/web")


@pytest.fixture(params=["memory", "sqlite", "firestore"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FullLedger]:
    if request.param == "memory":
        yield MemoryLedger()
    elif request.param == "sqlite":
        yield open_ledger(f"sqlite://{tmp_path}/ledger.db")
    else:
        yield request.getfixturevalue("firestore_ledger")


def key_of(release: Release) -> Key:
    return Key("releases", release.release_id)


def put(ledger: FullLedger, *releases: Release) -> None:
    writes = {key_of(one): one for one in releases}
    ledger.transact(tuple(writes), lambda _: Commit(writes, None))


class TestLedger:
    def test_a_record_reads_back_as_it_was_written(self, ledger: FullLedger) -> None:
        release = a_release(state=State.STARTED, execution="projects/p/…/x", not_before=at(5.25))
        put(ledger, release)
        assert ledger.read(key_of(release)) == release

    def test_bytes_that_are_no_text_survive(self, ledger: FullLedger) -> None:
        release = a_release()
        release = replace(release, source=replace(release.source, data=bytes(range(256))))
        put(ledger, release)
        assert ledger.read(key_of(release)) == release

    def test_an_unknown_record_is_none(self, ledger: FullLedger) -> None:
        assert ledger.read(Key("releases", "nobody")) is None

    def test_keys_with_slashes_and_percents_stay_apart(self, ledger: FullLedger) -> None:
        lanes = [Lane(key=key) for key in ("a/b", "a%2Fb", "a%252Fb", "a")]
        writes = {Key("lanes", lane.key): lane for lane in lanes}
        ledger.transact((), lambda _: Commit(writes, None))
        assert [ledger.read(key) for key in writes] == lanes

    def test_a_decision_sees_what_it_asked_for_and_may_ask_for_more(self, ledger: FullLedger) -> None:
        first, second = a_release("one"), a_release("two")
        put(ledger, first, second)

        def decision(snapshot: Snapshot) -> Load | Commit[list[object]]:
            if key_of(second) not in snapshot:
                return Load((key_of(second), LANE))
            return Commit({}, [snapshot[key_of(first)], snapshot[key_of(second)], snapshot[LANE]])

        assert ledger.transact((key_of(first),), decision) == [first, second, None]

    def test_a_decision_that_fails_writes_nothing(self, ledger: FullLedger) -> None:
        class Broken(Exception):
            pass

        def decision(_: Snapshot) -> Commit[None]:
            raise Broken

        with pytest.raises(Broken):
            ledger.transact((LANE,), decision)
        assert ledger.read(LANE) is None

    def test_writers_on_one_record_lose_no_update(self, ledger: FullLedger) -> None:
        workers, rounds = 8, 5

        def add(name: str) -> None:
            def decision(snapshot: Snapshot) -> Commit[None]:
                found = snapshot[LANE]
                lane = found if isinstance(found, Lane) else Lane(key=LANE.id)
                return Commit({LANE: wait(lane, Waiting(NOW, name))}, None)

            ledger.transact((LANE,), decision)

        names = [f"r{number}" for number in range(workers * rounds)]
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(add, names))
        lane = ledger.read(LANE)
        assert isinstance(lane, Lane)
        assert sorted(entry.release_id for entry in lane.queue) == sorted(names)

    def test_only_what_is_due_is_found_oldest_first_and_no_more_than_asked(self, ledger: FullLedger) -> None:
        starting = [a_release(f"s{n}", state=State.STARTING, lease_until=at(n)) for n in (3, 1, 2, 9)]
        closed = a_release("closed", state=State.SUCCEEDED)
        put(ledger, *starting, closed)
        found = [one.release_id for one in ledger.due(at(3), 10)]
        assert found == ["s1", "s2", "s3"]
        assert [one.release_id for one in ledger.due(at(3), 2)] == ["s1", "s2"]

    def test_a_release_that_is_closed_is_due_no_more(self, ledger: FullLedger) -> None:
        release = a_release(state=State.STARTING, lease_until=at(1))
        put(ledger, release)
        put(ledger, replace(release, state=State.SUCCEEDED, lease_until=None))
        assert list(ledger.due(at(1000), 10)) == []

    def test_the_releases_that_changed_last_come_first(self, ledger: FullLedger) -> None:
        put(ledger, *(a_release(f"r{n}", updated_at=at(n)) for n in (2, 3, 1)))
        assert [one.release_id for one in ledger.recent(2)] == ["r3", "r2"]

    def test_all_records_of_a_kind_come_newest_first_and_equals_by_id(self, ledger: FullLedger) -> None:
        put(ledger, *(a_release(f"r{n}", updated_at=at(n // 2)) for n in (2, 5, 3, 1)))
        lanes = {Key("lanes", name): Lane(key=name) for name in ("a", "b/c")}
        ledger.transact((), lambda _: Commit(lanes, None))
        assert [one.release_id for one in ledger.newest("releases") if isinstance(one, Release)] == [
            *("r5", "r3", "r2", "r1")
        ]
        assert [one.key for one in ledger.newest("lanes") if isinstance(one, Lane)] == ["b/c", "a"]

    def test_whoever_stops_reading_leaves_nothing_open(self, ledger: FullLedger) -> None:
        put(ledger, a_release("r1", updated_at=at(1)), a_release("r2", updated_at=at(2)))
        reading = ledger.newest("releases")
        assert next(reading) == ledger.read(Key("releases", "r2"))
        del reading
        put(ledger, a_release("r3"))


def test_a_ledger_file_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    ledger = open_ledger(f"sqlite://{tmp_path}/no/such/folder/ledger.db")
    with pytest.raises(LedgerUnavailable, match="unable to open"):
        ledger.read(LANE)


def test_a_locked_ledger_makes_the_second_writer_wait_not_fail(tmp_path: Path) -> None:
    ledger = open_ledger(f"sqlite://{tmp_path}/ledger.db")
    inside, proceed = threading.Event(), threading.Event()

    def slow(_: Snapshot) -> Commit[None]:
        inside.set()
        proceed.wait(10)
        return Commit({LANE: Lane(key=LANE.id, holders=("slow",))}, None)

    def quick(snapshot: Snapshot) -> Commit[object]:
        return Commit({}, snapshot[LANE])

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(ledger.transact, (LANE,), slow)
        assert inside.wait(10)
        second = pool.submit(ledger.transact, (LANE,), quick)
        proceed.set()
        first.result(10)
        assert second.result(10) == Lane(key=LANE.id, holders=("slow",))
