"""What a subscription promises: how long a delivery may take, how long a failed one waits, when it is given up."""

from dataclasses import dataclass

DEFAULT_ACK_SECONDS = 10
DEFAULT_ATTEMPTS = 5
SHORTEST_BACKOFF_SECONDS = 0.1
"""Where doubling starts if the minimum is zero."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Exponential backoff between two bounds, in seconds."""

    minimum: float
    maximum: float

    def delay(self, failures: int) -> float:
        """Seconds to wait after the given number of failed deliveries; doubles each time."""
        base = self.minimum or SHORTEST_BACKOFF_SECONDS
        return min(self.maximum, base * 2.0 ** min(failures - 1, 40))


AT_ONCE = Retry(0.0, 0.0)
PUSH_RETRY = Retry(0.1, 60.0)
"""Google's, where a subscription states none: pull comes again at once, push backs off."""


@dataclass(frozen=True, slots=True)
class DeadLetterPolicy:
    """Where a message goes after so many deliveries."""

    topic: str
    max_attempts: int = DEFAULT_ATTEMPTS


@dataclass(frozen=True, slots=True)
class Push:
    """Where messages are posted to."""

    endpoint: str


@dataclass(frozen=True, slots=True)
class Terms:
    """All of a subscription that decides about deliveries."""

    ack_seconds: int = DEFAULT_ACK_SECONDS
    is_ordered: bool = False
    retry: Retry = AT_ONCE
    dead_letter: DeadLetterPolicy | None = None
    push: Push | None = None

    def is_exhausted(self, failures: int) -> bool:
        """Whether a message that failed so often belongs on the dead-letter topic."""
        return self.dead_letter is not None and failures >= self.dead_letter.max_attempts
