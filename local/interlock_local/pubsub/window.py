"""How many pushes may be in flight: more with every success, fewer with every failure, as Google's slow start does."""

from dataclasses import dataclass

FEWEST = 8
MOST = 64


@dataclass(slots=True)
class Window:
    """Bounded both ways, so that one endpoint's failures slow it down and never stop it."""

    size: int = 2 * FEWEST

    def succeeded(self) -> None:
        """One more."""
        self.size = min(MOST, self.size + 1)

    def failed(self) -> None:
        """Half as many."""
        self.size = max(FEWEST, self.size // 2)
