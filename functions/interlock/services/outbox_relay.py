"""Publishes what transactions left in the outboxes of releases; a function sends only the kinds it may publish.

What no sender of the function takes stays in the outbox for a function that may.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from interlock.cloud_events import status_event_message
from interlock.domain.dead_letters.dead_letter import dead_letter_attributes
from interlock.domain.releases.model import Outbox, Release, StatusEvent
from interlock.domain.requests.message import Message
from interlock.ports import OutgoingMessage, Publisher
from interlock.services.release_service import ReleaseService


class OutboxSender(Protocol):
    """Sends one kind of what an outbox holds."""

    def send(self, release: Release, inbound: Message | None) -> Outbox | None:
        """Publish it and return what the topic confirmed, None where there was nothing of its kind.

        `inbound` is the message at hand, for one that was too large to be kept. Raises PublishFailed.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusEventSender:
    """Publishes status events, in their order."""

    publisher: Publisher
    topic: str

    def send(self, release: Release, _inbound: Message | None) -> Outbox | None:
        """Publish the release's unsent events."""
        events = release.outbox.events
        self.publish(events)
        return Outbox(events=events) if events else None

    def publish(self, events: Sequence[StatusEvent]) -> None:
        """Publish the events under their own ids, be it for the first time or again."""
        if events:
            self.publisher.publish(self.topic, [status_event_message(event) for event in events])


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeSender:
    """Asks dispatch_release to look at releases."""

    publisher: Publisher
    topic: str

    def send(self, release: Release, _inbound: Message | None) -> Outbox | None:
        """Ask for the releases that the outbox names."""
        resumes = release.outbox.resumes
        self.ask(resumes)
        return Outbox(resumes=resumes) if resumes else None

    def ask(self, release_ids: Sequence[str]) -> None:
        """Publish a resume for each release."""
        messages = [OutgoingMessage(data=json.dumps({"resume": one}).encode(), attributes={}) for one in release_ids]
        if messages:
            self.publisher.publish(self.topic, messages)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterSender:
    """Forwards request messages that no retry can mend, byte for byte."""

    publisher: Publisher
    topic: str

    def send(self, release: Release, inbound: Message | None) -> Outbox | None:
        """Forward the release's message, unless it was too large to be kept and is not at hand."""
        notice, message = release.outbox.dead_letter, _original(release, inbound)
        if notice is None or message is None:
            return None
        route = release.plan.route if release.plan else None
        attributes = dead_letter_attributes(
            message, reason=notice.reason, stage=notice.stage, error=notice.error, route=route
        )
        self.publisher.publish(self.topic, [OutgoingMessage(data=message.data, attributes=attributes)])
        return Outbox(dead_letter=notice)


def _original(release: Release, inbound: Message | None) -> Message | None:
    source = release.source
    if inbound is not None and inbound.message_id == source.message_id:
        return inbound
    if source.data is None:
        return None
    return Message(source.message_id, source.publish_time, source.data, source.attributes)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRelay:
    """Publishes, then notes in the ledger what was confirmed; a crash between publishes again under the same ids."""

    releases: ReleaseService
    senders: Sequence[OutboxSender]

    def publish(self, release: Release, inbound: Message | None = None) -> None:
        """Send what this function may send of the release's outbox; raise PublishFailed, LedgerUnavailable."""
        if sent := [one for sender in self.senders if (one := sender.send(release, inbound))]:
            self.releases.mark_sent(release.release_id, *sent)
