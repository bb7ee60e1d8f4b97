"""The part of a subscription's configuration that decides about deliveries: deadline, order, backoff, dead letters."""

from dataclasses import dataclass

DEFAULT_ACK_DEADLINE_SECONDS = 10
DEFAULT_MAX_DELIVERY_ATTEMPTS = 5
SHORTEST_BACKOFF_SECONDS = 0.1
"""Doubling starts here if the minimum backoff is zero, as twice nothing is nothing."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff between two bounds, in seconds."""

    minimum: float
    maximum: float

    def backoff_seconds(self, failures: int) -> float:
        """Return how long to wait after so many failed deliveries; it doubles each time."""
        base = self.minimum or SHORTEST_BACKOFF_SECONDS
        return min(self.maximum, base * 2.0 ** min(failures - 1, 40))


RETRY_IMMEDIATELY = RetryPolicy(0.0, 0.0)
"""Google's default for pull: a message that failed is due again at once."""
DEFAULT_PUSH_RETRY = RetryPolicy(0.1, 60.0)
"""Google's default for push: it backs off."""


@dataclass(frozen=True, slots=True)
class DeadLetterPolicy:
    """The topic that a message is forwarded to after so many failed deliveries."""

    topic: str
    max_delivery_attempts: int = DEFAULT_MAX_DELIVERY_ATTEMPTS


@dataclass(frozen=True, slots=True)
class PushConfig:
    """Where messages are posted to."""

    endpoint: str


@dataclass(frozen=True, slots=True)
class SubscriptionPolicy:
    """Google's defaults, where a subscription states nothing else."""

    ack_deadline_seconds: int = DEFAULT_ACK_DEADLINE_SECONDS
    is_ordered: bool = False
    retry: RetryPolicy = RETRY_IMMEDIATELY
    dead_letter: DeadLetterPolicy | None = None
    push: PushConfig | None = None

    def is_exhausted(self, failures: int) -> bool:
        """Return whether a message that failed so often belongs on the dead-letter topic."""
        return self.dead_letter is not None and failures >= self.dead_letter.max_delivery_attempts
