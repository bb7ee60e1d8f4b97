"""The bench's arithmetic: ratios, exponents, and targets that say what forbids them."""

import pytest

from bench.calls import EVENTS, LIVES
from bench.chart import chart
from bench.page import page, target_rows
from bench.results import Findings, Ratio, Table, Target, growth, percentile


def test_a_ratio_is_that_of_the_medians_and_its_spread_that_of_the_rounds() -> None:
    ratio = Ratio.of([2.0, 4.0, 9.0], [1.0, 2.0, 3.0])
    assert (ratio.value, ratio.low, ratio.high) == (2.0, 2.0, 3.0)
    assert str(ratio) == "2 (2 to 3)"


def test_one_round_has_no_spread() -> None:
    assert str(Ratio.of([3.0], [2.0])) == "1.5 (1.5 to 1.5)"


@pytest.mark.parametrize(("power", "exponent"), [(0, 0.0), (0.5, 0.5), (1, 1.0), (2, 2.0)])
def test_the_growth_exponent_is_the_power_that_the_costs_grow_with(power: float, exponent: float) -> None:
    sizes = (100, 1000, 10_000)
    assert growth(sizes, [3 * size**power for size in sizes]) == pytest.approx(exponent)


def test_the_percentile_is_a_value_that_was_measured() -> None:
    seconds = [float(number) for number in range(1, 101)]
    assert (percentile(seconds, 0.5), percentile(seconds, 0.99), percentile([7.0], 0.99)) == (50.0, 99.0, 7.0)


def test_a_target_that_is_not_met_shows_its_floors_and_which_of_them_forbid_it() -> None:
    low, high = Ratio(0.85, 0.8, 0.9), Ratio(1, 0.9, 1.1)
    missed = Target("speed", 0.8, 0.9, "0.8", at_least=True, floors={"calls": high, "decisions": low})
    in_reach = Target("memory", 1.7, 1.6, "1.7", floors={"calls": high})
    kept = Target("memory", 1.5, 1.6, "1.5", floors={"calls": high})
    assert list(target_rows([missed, in_reach, kept]))[2:] == [
        f"| speed | ≥ 0.9 | 0.8 | **not met** | `calls`: {high}; `decisions`: {low} | `decisions` |",
        f"| memory | ≤ 1.6 | 1.7 | **not met** | `calls`: {high} | nothing measured |",
        "| memory | ≤ 1.6 | 1.5 | met |  |  |",
    ]


def test_the_page_holds_every_table_and_the_machine() -> None:
    found = Findings([Table("Cold start", "How long.", ("function", "ms"), [("empty", "300")])])
    text = page([found], {"processor": "two cores"})
    assert "## Cold start\n\nHow long.\n\n| function | ms |\n|---|---|\n| empty | 300 |" in text
    assert "- processor: two cores" in text


def test_the_page_begins_with_what_a_user_gets_of_each_function_whoever_found_it() -> None:
    cold = Findings([], gets={"dispatch_release": {"cold start": "1 s"}, "report_status": {"cold start": "2 s"}})
    warm = Findings([], gets={"dispatch_release": {"calls": "6"}})
    text = page([cold, warm], {})
    table = (
        "| function | cold start | calls |\n|---|---|---|\n| dispatch_release | 1 s | 6 |\n| report_status | 2 s |  |"
    )
    assert table in text
    assert text.index(table) < text.index("## Targets")


def test_a_life_costs_what_its_events_may_cost() -> None:
    assert {life: most for life, (most, _) in LIVES.items()} == {
        life: sum(EVENTS[event][0] for event in parts) for life, (_, parts) in LIVES.items()
    }


def test_the_chart_cuts_what_is_too_long_and_still_says_how_much_it_is() -> None:
    picture = chart({"empty": 1.0, "sample": 40.0}, "times")
    assert "40.00\N{MULTIPLICATION SIGN}" in picture
    assert picture.count("<rect") == 3
