"""The names of the local stack's project, services, topics and subscriptions."""

from types import MappingProxyType

PROJECT = "interlock-local"
LOCATION = "local"
PARENT = f"projects/{PROJECT}/locations/{LOCATION}"

FUNCTIONS = ("dispatch_release", "report_status", "alert_dead_letter", "reconcile_releases")
PUBSUB, CLOUD_RUN, FIRESTORE, SCHEDULER = "pubsub", "cloud_run", "firestore", "scheduler"

PORT_ORDER = (PUBSUB, CLOUD_RUN, *FUNCTIONS, FIRESTORE)
"""The service at the port base, the one at the port base + 1, and so on."""

URL_VARIABLES = MappingProxyType(
    {
        "INTERLOCK_DISPATCH_URL": "dispatch_release",
        "INTERLOCK_REPORT_URL": "report_status",
        "INTERLOCK_ALERT_URL": "alert_dead_letter",
        "INTERLOCK_RECONCILE_URL": "reconcile_releases",
    }
)


def topic(name: str) -> str:
    """Return the topic's full name."""
    return f"projects/{PROJECT}/topics/{name}"


def subscription(name: str) -> str:
    """Return the subscription's full name."""
    return f"projects/{PROJECT}/subscriptions/{name}"


REQUESTS = topic("release-requests")
STATUS = topic("release-status")
DEAD_LETTERS = topic("release-dead-letters")
COMPLETIONS = topic("release-completions")

STATE_VARIABLE = "INTERLOCK_STATE"
"""Names the state directory in the user's shell and in every service: a process that bears it belongs to that stack."""
