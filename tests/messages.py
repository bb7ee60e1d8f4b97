"""What messages of tests/events and of the tests' own hold, read as the functions read them."""

from datetime import datetime

from interlock.cloud_events import open_message, parse_delivery
from interlock.domain.dead_letters.dead_letter import DeadLetter, read_dead_letter
from interlock.domain.requests.delivery import PubSubDelivery
from interlock.domain.requests.message import Message
from tests.build import NOW
from tests.events.load import event


def delivered(name: str) -> Message:
    """Return the message in a payload file of tests/events."""
    delivery = parse_delivery(*event(name))
    assert isinstance(delivery, PubSubDelivery)
    return delivery.message


def dead_letter_in(message: Message, *, now: datetime = NOW) -> DeadLetter:
    """Return the message of the dead-letter topic as alert_dead_letter reads it."""
    return read_dead_letter(message, open_message(message), now=now)
