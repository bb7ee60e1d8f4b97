"""What a bench finds: ratios with their spread, tables of words, and targets that were met or not."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times more than the floor: the ratio of the medians, and the middle half of the rounds' own ratios."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, ours: Sequence[float], floor: Sequence[float]) -> "Ratio":
        """Return the ratio of two lists whose items were measured in the same rounds."""
        rounds = sorted(a / b for a, b in zip(ours, floor, strict=True))
        low, _, high = quantiles(rounds, n=4) if len(rounds) > 1 else (rounds[0],) * 3
        return cls(median(ours) / median(floor), max(low, rounds[0]), min(high, rounds[-1]))

    def __str__(self) -> str:
        return f"{_short(self.value)} ({_short(self.low)} to {_short(self.high)})"


@dataclass(frozen=True, slots=True)
class Target:
    """A bound, what was measured, and what the floors beneath it come to: none can be kept that they miss."""

    what: str
    measured: float
    bound: float
    shown: str
    at_least: bool = False
    floors: Mapping[str, Ratio] = field(default_factory=dict)

    @property
    def is_met(self) -> bool:
        """Whether the measured value keeps the bound."""
        return self._keeps(self.measured)

    @property
    def forbidden_by(self) -> tuple[str, ...]:
        """Return the floors that miss the bound themselves."""
        return tuple(name for name, ratio in self.floors.items() if not self._keeps(ratio.value))

    def _keeps(self, value: float) -> bool:
        return value >= self.bound if self.at_least else value <= self.bound

    @property
    def wanted(self) -> str:
        """Return the bound in words."""
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}"


@dataclass(frozen=True, slots=True)
class Table:
    """One measurement as the page shows it."""

    title: str
    about: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]] = ()


@dataclass(frozen=True, slots=True)
class Findings:
    """What one part of the bench found. `bars` go to the chart: how many times the floor each is."""

    tables: list[Table]
    targets: list[Target] = field(default_factory=list)
    bars: Mapping[str, float] = field(default_factory=dict)
    raw: Mapping[str, object] = field(default_factory=dict)
    gets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What a user gets of each function, in words."""


def percentile(seconds: Sequence[float], share: float) -> float:
    """Return the value below which this share of them lies."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def growth(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Return the exponent of the power of size that the costs grow with: the slope between the logarithms."""
    xs, ys = [math.log(size) for size in sizes], [math.log(cost) for cost in costs]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / sum((a - x) ** 2 for a in xs)


def ms(seconds: float) -> str:
    """Return the seconds as milliseconds."""
    return _short(seconds * 1000)


def _short(number: float) -> str:
    return f"{number:.0f}" if abs(number) >= 100 else f"{number:.3g}"
