"""Publishes a request and waits until its release is closed; an interruption may cancel the release."""

import json
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from interlock.bootstrap import utc_now
from interlock.domain.releases.model import Release
from interlock.ledger.interface import LedgerReader, LedgerUnavailable
from interlock.ports import OutgoingMessage, PublisherWithId
from interlock_cli.actions.releases import read_release
from interlock_cli.actions.wait import (
    WaitTarget,
    interrupted,
    interruptible,
    wait_interruptibly,
    wait_until_closed,
)
from interlock_cli.documents.request_files import RequestFile
from interlock_cli.errors import ExitCode
from interlock_cli.options import requester
from interlock_cli.views.output import print_status


@dataclass(frozen=True, slots=True)
class PublishedRequest:
    """A request as it is published: its bytes, and the release id under which the ledger will have it."""

    release_id: str
    data: bytes
    is_about_another: bool = False


def with_release_id(request: RequestFile) -> PublishedRequest:
    """Return the request as written if it names a release, else with a new release id in it."""
    document = request.document
    for key in ("cancel", "resume"):
        if key in document:
            return PublishedRequest(document[key], request.data, is_about_another=True)
    if "release_id" in document:
        return PublishedRequest(document["release_id"], request.data)
    release_id = f"rel-{utc_now():%Y%m%d-%H%M%S}-{uuid4().hex[:8]}"
    return PublishedRequest(release_id, json.dumps({**document, "release_id": release_id}, ensure_ascii=False).encode())


def cancel_message(release_id: str, *, requested_by: str, reason: str | None) -> OutgoingMessage:
    """Return the message that asks for the release's end."""
    document = {"cancel": release_id, "requested_by": requested_by, **({"reason": reason} if reason else {})}
    return OutgoingMessage(data=json.dumps(document).encode(), attributes={})


class RequestSender:
    """Publishes one request; `result` is what is known of it so far."""

    def __init__(self, request: PublishedRequest, topic: str, publisher: PublisherWithId) -> None:
        self._request = request
        self._topic = topic
        self._publisher = publisher
        self.release_id = request.release_id
        self.result: dict[str, object] = {"release_id": request.release_id, "topic": topic}

    def send(self) -> dict[str, object]:
        """Publish it; return the result."""
        self.result["message_id"] = self._post(OutgoingMessage(data=self._request.data, attributes={}))
        return self.result

    def send_and_wait(
        self, ledger: LedgerReader, timeout: timedelta | None, *, cancels: bool
    ) -> Release | ExitCode | None:
        """Publish it and wait; return the closed release, None when the time is up, or the interruption's exit code."""
        before = _read_before(ledger, self.release_id)
        try:
            with interruptible():  # from the start: a pipeline may be cancelled while it publishes
                self.send()
                return wait_until_closed(ledger, self._target(before), timeout=timeout)
        except KeyboardInterrupt:
            if not cancels:
                return interrupted(self.release_id)
        cancel_id = self._cancel()
        if "message_id" in self.result:
            return wait_interruptibly(ledger, self._target(before), timeout)
        # The request may not have been published. The cancel has been, and is refused if there is nothing to cancel.
        target = WaitTarget(release_id=self.release_id, message_id=cancel_id, before=before, is_about_another=True)
        return wait_interruptibly(ledger, target, timeout)

    def _target(self, before: Release | None) -> WaitTarget:
        return WaitTarget(
            release_id=self.release_id,
            message_id=str(self.result["message_id"]),
            before=before,
            is_about_another=self._request.is_about_another,
        )

    def _cancel(self) -> str:
        print_status(f"interrupted; cancelling {self.release_id} (once more stops waiting)")
        reason = "the waiting pipeline was interrupted"
        return self._post(cancel_message(self.release_id, requested_by=requester(""), reason=reason))

    def _post(self, message: OutgoingMessage) -> str:
        return self._publisher.post(self._topic, message)


def _read_before(ledger: LedgerReader, release_id: str) -> Release | None:
    """Return the record as it is now; an unavailable ledger does not prevent publishing."""
    try:
        return read_release(ledger, release_id)
    except LedgerUnavailable:
        return None
