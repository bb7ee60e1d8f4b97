"""Delivers what transactions left in the outboxes of releases: status events, resumes, dead letters."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from interlock.domain.dead_letters.dead_letter import dead_letter_attributes
from interlock.domain.releases.model import DeadLetterNotice, Outbox, Release, StatusEvent
from interlock.domain.releases.status_event import event_attributes
from interlock.domain.requests.message import Message
from interlock.ledger.interface import Ledger
from interlock.ports import OutgoingMessage, Publisher
from interlock.services.release_step import release_key, sent


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRelay:
    """Sends a release's news to the topics this function may publish on; the rest stays for another.

    A topic of None: resumes are handed back to the caller, dead letters stay in the outbox.
    """

    ledger: Ledger
    publisher: Publisher
    instance: str
    status_topic: str
    requests_topic: str | None = None
    dead_letters_topic: str | None = None

    def deliver(self, release: Release, inbound: Message | None = None) -> tuple[str, ...]:
        """Publish, then note in the ledger what was confirmed; return the resumes left to the caller.

        A crash between the two publishes again, under the same event ids. `inbound` is the message at hand, for one
        too large to be kept. Raises PublishFailed, LedgerUnavailable.
        """
        outbox = release.outbox
        self._tell(outbox.events)
        self.resume(outbox.resumes)
        forwarded = self._forward(release, outbox.dead_letter, inbound)
        left = () if self.requests_topic else outbox.resumes
        self._note_sent(
            release.release_id,
            Outbox(
                events=outbox.events,
                resumes=outbox.resumes if self.requests_topic else (),
                dead_letter=outbox.dead_letter if forwarded else None,
            ),
        )
        return left

    def settle(self, release_id: str, resumes: tuple[str, ...]) -> None:
        """Note that the caller has seen to these resumes itself."""
        self._note_sent(release_id, Outbox(resumes=resumes))

    def _note_sent(self, release_id: str, done: Outbox) -> None:
        if not done.is_empty:
            self.ledger.transact((release_key(release_id),), sent(release_id, done))

    def retell(self, release: Release) -> None:
        """Publish the newest status event again, under its own id."""
        if release.told is not None:
            self._tell((release.told,))

    def resume(self, release_ids: Sequence[str]) -> None:
        """Ask dispatch_release to look at these releases; without a requests topic nobody is asked."""
        if release_ids and self.requests_topic:
            messages = [
                OutgoingMessage(data=json.dumps({"resume": one}).encode(), attributes={}) for one in release_ids
            ]
            self.publisher.publish(self.requests_topic, messages)

    def _tell(self, events: Sequence[StatusEvent]) -> None:
        if events:
            self.publisher.publish(self.status_topic, [self._status(event) for event in events])

    def _status(self, event: StatusEvent) -> OutgoingMessage:
        return OutgoingMessage(
            data=json.dumps(dict(event.data), ensure_ascii=False).encode(),
            attributes=event_attributes(event, instance=self.instance),
            ordering_key=event.data["release_id"],
        )

    def _forward(self, release: Release, notice: DeadLetterNotice | None, inbound: Message | None) -> bool:
        message = _original(release, inbound)
        if notice is None or self.dead_letters_topic is None or message is None:
            return False
        route = release.plan.route if release.plan else None
        attributes = dead_letter_attributes(
            message, reason=notice.reason, stage=notice.stage, error=notice.error, route=route
        )
        self.publisher.publish(self.dead_letters_topic, [OutgoingMessage(data=message.data, attributes=attributes)])
        return True


def _original(release: Release, inbound: Message | None) -> Message | None:
    source = release.source
    if inbound is not None and inbound.message_id == source.message_id:
        return inbound
    if source.data is None:
        return None
    return Message(source.message_id, source.publish_time, source.data, source.attributes)
