"""A soak sends what it says it sends, the same each time."""

from collections import Counter

from tests.soak.workload import Workload

FULL = Workload(releases=5000, lanes=200)


def test_each_release_is_published_and_one_in_twenty_twice() -> None:
    times = Counter(body["release_id"] for body in FULL.publications({}))
    assert set(times) == set(FULL.ids)
    assert Counter(times.values()) == {1: 4750, 2: 250}


def test_one_in_fifty_is_never_heard_of_again_and_as_often_a_function_is_killed() -> None:
    assert sum(map(FULL.is_unheard, FULL.ids)) == FULL.crashes == 100


def test_the_lanes_share_the_releases_evenly() -> None:
    once = {body["release_id"]: body["service"] for body in FULL.publications({})}
    assert set(Counter(once.values()).values()) == {25}
    assert len(set(once.values())) == 200


def test_a_duplicate_never_comes_first() -> None:
    first = list(dict.fromkeys(body["release_id"] for body in FULL.publications({})))
    assert first == FULL.ids


def test_some_duplicates_follow_at_once_and_some_much_later() -> None:
    ids = [body["release_id"] for body in FULL.publications({})]
    twice = [one for one, times in Counter(ids).items() if times == 2]
    gaps = Counter(len(ids) - ids[::-1].index(one) - ids.index(one) < 10 for one in twice)
    assert gaps == {True: 125, False: 125}


def test_the_smallest_soak_has_its_troubles_too() -> None:
    small = Workload(releases=10, lanes=2)
    assert small.crashes == 1
    assert sum(map(small.is_unheard, small.ids)) == 1
    assert len(list(small.publications({}))) == 11
