"""How many pushes of one subscription may be in flight: successes widen the window, failures narrow it (slow start)."""

from dataclasses import dataclass

SMALLEST = 8
LARGEST = 64


@dataclass(slots=True)
class PushWindow:
    """Bounded both ways, so that an endpoint's failures slow its deliveries down and never stop them."""

    size: int = 2 * SMALLEST

    def succeeded(self) -> None:
        """Allow one more."""
        self.size = min(LARGEST, self.size + 1)

    def failed(self) -> None:
        """Allow half as many."""
        self.size = max(SMALLEST, self.size // 2)
