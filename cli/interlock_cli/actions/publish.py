"""Puts a request on its topic and waits for what becomes of it, cancelling it if the one who waits is interrupted."""

import json
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from interlock.bootstrap import utc_now
from interlock.domain.releases.model import Release
from interlock.ledger.interface import LedgerReader, LedgerUnavailable
from interlock.ports import OutgoingMessage, PublisherWithId
from interlock.services.release_transaction import release_key
from interlock_cli.actions.wait import Awaited, follow, interruptible
from interlock_cli.commands.wait import stopped, wait_for
from interlock_cli.documents.request_files import RequestFile
from interlock_cli.errors import ExitCode
from interlock_cli.options import who
from interlock_cli.views.output import say


@dataclass(frozen=True, slots=True)
class Identified:
    """A request with the id to ask for later, and the bytes to publish: as written, where they name a release."""

    release_id: str
    data: bytes
    is_about_another: bool = False


def identified(request: RequestFile) -> Identified:
    """Return the request with an id of ours if it has none."""
    document = request.document
    for key in ("cancel", "resume"):
        if key in document:
            return Identified(document[key], request.data, is_about_another=True)
    if "release_id" in document:
        return Identified(document["release_id"], request.data)
    release_id = f"rel-{utc_now():%Y%m%d-%H%M%S}-{uuid4().hex[:8]}"
    return Identified(release_id, json.dumps({**document, "release_id": release_id}, ensure_ascii=False).encode())


class Publishing:
    """One request on its way."""

    def __init__(self, request: Identified, topic: str, poster: PublisherWithId) -> None:
        self._request = request
        self._topic = topic
        self._poster = poster
        self.release_id = request.release_id
        self.told: dict[str, object] = {"release_id": request.release_id, "topic": topic}

    def send(self) -> dict[str, object]:
        """Publish it; return what is known of it."""
        self.told["message_id"] = self._post(self._request.data)
        return self.told

    def send_and_wait(
        self, ledger: LedgerReader, timeout: timedelta | None, *, cancels: bool
    ) -> Release | ExitCode | None:
        """Publish it and wait; return the closed release, None when the time is up, or the interrupted's exit code."""
        before = _before(ledger, self.release_id)
        try:
            with interruptible():  # from the start: a pipeline may be cancelled while it publishes
                self.send()
                return follow(ledger, self._awaited(before), timeout=timeout)
        except KeyboardInterrupt:
            if not cancels:
                return stopped(self.release_id)
        cancel_id = self._cancel()
        if "message_id" in self.told:
            return wait_for(ledger, self._awaited(before), timeout)
        # The request may not have come out; the cancel has, and is refused where there is nothing to cancel.
        asked = Awaited(release_id=self.release_id, message_id=cancel_id, before=before, is_about_another=True)
        return wait_for(ledger, asked, timeout)

    def _awaited(self, before: Release | None) -> Awaited:
        return Awaited(
            release_id=self.release_id,
            message_id=str(self.told["message_id"]),
            before=before,
            is_about_another=self._request.is_about_another,
        )

    def _cancel(self) -> str:
        say(f"interrupted; cancelling {self.release_id} (once more stops waiting)")
        order = {"cancel": self.release_id, "requested_by": who(""), "reason": "the waiting pipeline was interrupted"}
        return self._post(json.dumps(order).encode())

    def _post(self, data: bytes) -> str:
        return self._poster.post(self._topic, OutgoingMessage(data=data, attributes={}))


def _before(ledger: LedgerReader, release_id: str) -> Release | None:
    """Return the record as it is now; a ledger in trouble keeps nobody from publishing."""
    try:
        found = ledger.read(release_key(release_id))
    except LedgerUnavailable:
        return None
    return found if isinstance(found, Release) else None
