"""The count of a message's way: what is a switch between files, and what a return to one that it had left."""

from bench.path import COMPLETION, PUSH, Walk, rows


def way(*steps: str | None) -> Walk:
    """Return the walk through calls to these files; None leaves the innermost."""
    walk = Walk()
    for file in steps:
        walk.leave() if file is None else walk.call(file)
    return walk


def test_a_call_within_a_file_is_no_switch() -> None:
    walk = way("a", "a", None, "a")
    assert (len(walk.entered), walk.switches, walk.returns) == (3, 0, 0)


def test_a_call_to_another_file_is_a_switch_and_coming_back_from_it_is_none() -> None:
    assert way("a", "b", None, "c", None, None).switches == 2


def test_a_file_that_was_left_and_is_entered_again_is_a_return() -> None:
    assert way("a", "b", None, "c", None, "b").returns == 1


def test_a_file_that_still_has_a_call_open_is_called_back_not_returned_to() -> None:
    walk = way("a", "b", "a", None, "b")
    assert (walk.switches, walk.returns) == (3, 0)


def test_half_of_the_switches_and_returns_of_before_is_wanted() -> None:
    assert list(rows({PUSH: way("a", "b"), COMPLETION: way("a")}))[2:] == [
        f"| {PUSH} | 2 | 2 | 1 | ≤ 51 | 0 | ≤ 21 |",
        f"| {COMPLETION} | 1 | 1 | 0 | ≤ 42 | 0 | ≤ 17 |",
    ]
