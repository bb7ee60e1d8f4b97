"""The sums of the operations page add up."""

import re

import pytest

from tests.deploy.plans import ROOT

PAGE = (ROOT / "docs" / "operations.md").read_text().split("## Cost")[1]
PARTS = re.findall(r"(?m)^\| ([a-z][^|]*) \| ([0-9.]+)[^|]* \| \$([0-9.]+) \| \$([0-9.]+) \|$", PAGE)
MONTHS = re.findall(r"(?m)^\| ([0-9,]+) \| ([0-9,]+) \| \$([0-9,]+) \| \$([0-9,]+) \|$", PAGE)


def number(text: str) -> int:
    return int(text.replace(",", ""))


@pytest.mark.parametrize(("part", "used", "price", "cost"), PARTS)
def test_a_part_costs_what_is_used_times_its_price(part: str, used: str, price: str, cost: str) -> None:
    assert float(used) * float(price) == pytest.approx(float(cost))


@pytest.mark.parametrize(("hourly", "monthly", "jobs", "own"), MONTHS)
def test_a_month_is_730_hours_of_releases(hourly: str, monthly: str, jobs: str, own: str) -> None:
    assert number(monthly) == 730 * number(hourly)
    of_jobs = sum(float(cost) for part, _, _, cost in PARTS if part.startswith("the job"))
    of_all = sum(float(cost) for *_, cost in PARTS)
    assert number(jobs) == pytest.approx(number(monthly) * of_jobs, abs=0.6)
    assert number(own) == pytest.approx(number(monthly) * (of_all - of_jobs), rel=0.01, abs=0.6)


def test_each_of_the_three_scales_has_its_sum() -> None:
    assert [hourly for hourly, *_ in MONTHS] == ["1", "100", "10,000"]
    assert len(PARTS) == 8
