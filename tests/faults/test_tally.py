"""The eyes of the load test see what they must see."""

from tests.faults.tally import Mark, lanes, overlaps, overtaken


def run(release_id: str, begin: float, end: float) -> list[Mark]:
    return [Mark("start", begin, "lane", release_id), Mark("end", end, "lane", release_id)]


ORDER = {"a": (1.0, "a"), "b": (1.0, "b"), "c": (2.0, "c")}


def test_runs_one_after_the_other_do_not_overlap() -> None:
    assert overlaps([*run("a", 1, 2), *run("b", 3, 4)]) == []


def test_a_start_before_the_other_end_is_an_overlap() -> None:
    (start_a, end_a), (start_b, end_b) = run("a", 1, 3), run("b", 2, 4)
    assert overlaps([start_a, start_b, end_a, end_b]) == [(start_a, start_b), (end_a, end_b)]


def test_runs_of_other_lanes_are_apart() -> None:
    assert list(lanes([*run("a", 1, 2), Mark("start", 1, "other", "b")])) == ["lane", "other"]


def test_who_waited_and_was_passed_by_is_named() -> None:
    lane = [*run("a", 1, 2), *run("c", 3, 4), *run("b", 5, 6)]
    assert list(overtaken(lane, order=ORDER, queued={"b": 1.5, "c": 1.5})) == [("b", "c")]


def test_who_came_after_the_choice_was_not_passed_by() -> None:
    lane = [*run("a", 1, 2), *run("c", 3, 4), *run("b", 5, 6)]
    assert list(overtaken(lane, order=ORDER, queued={"b": 2.5, "c": 1.5})) == []
