"""What a soak sends: releases over lanes, some of them published twice, some whose end is never heard."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

UNHEARD = "-unheard"
"""In the id of each release whose completion entries are lost."""

LOST_FILE = "SOAK_LOST"
"""Names the file in which every lost entry is noted."""

PERCENT_DOUBLED, PERCENT_CRASHES, PERCENT_UNHEARD = 5, 2, 2
SOON, LATE = 1, 150
"""How many publications later the duplicate follows: at once, or when the first has most likely run."""


@dataclass(frozen=True, slots=True)
class Workload:
    """How much is sent. The same sizes always make the same releases."""

    releases: int
    lanes: int

    @property
    def ids(self) -> list[str]:
        """Return the releases' ids in the order they are published."""
        unheard = set(self._some(PERCENT_UNHEARD, seed=1))
        return [f"soak-{number:05}{UNHEARD if number in unheard else ''}" for number in range(self.releases)]

    @property
    def crashes(self) -> int:
        """Return how often a function is killed."""
        return max(1, self.releases * PERCENT_CRASHES // 100)

    @staticmethod
    def is_unheard(release_id: str) -> bool:
        """Whether nobody hears how the release's execution ended."""
        return release_id.endswith(UNHEARD)

    def lane(self, number: int) -> str:
        """Return the service that the release of this number is for."""
        return f"lane-{number % self.lanes:03}"

    def publications(self, template: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the request bodies in the order they are published, duplicates among them."""
        places = [(float(number), number) for number in range(self.releases)]
        doubled = self._some(PERCENT_DOUBLED, seed=2)
        places += [(number + (SOON, LATE)[index % 2] + 0.5, number) for index, number in enumerate(doubled)]
        ids = self.ids
        for _, number in sorted(places):
            yield {**template, "release_id": ids[number], "service": self.lane(number)}

    def _some(self, percent: int, *, seed: int) -> list[int]:
        chosen = random.Random(seed)
        return chosen.sample(range(self.releases), max(1, self.releases * percent // 100))
