"""An interruption while the request is being published counts as much as one while waiting."""

import json
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from interlock.domain.releases.model import State
from interlock.ledger.interface import Commit
from interlock.ports import OutgoingMessage
from interlock.services.release_transaction import release_key
from interlock_cli.actions.publish import PublishedRequest, RequestSender
from interlock_cli.errors import ExitCode
from tests.build import a_release
from tests.fakes import MemoryLedger

SOON = timedelta(seconds=0.05)


@dataclass
class Interrupted:
    """Takes every message; while it takes the first, SIGTERM comes."""

    taken: list[dict[str, str]] = field(default_factory=list)

    def post(self, _topic: str, message: OutgoingMessage) -> str:
        self.taken.append(json.loads(message.data))
        if len(self.taken) == 1:
            raise KeyboardInterrupt
        return f"message-{len(self.taken)}"


@pytest.fixture
def publisher() -> Interrupted:
    return Interrupted()


def sender(publisher: Interrupted) -> RequestSender:
    return RequestSender(PublishedRequest("web-1", b'{"release_id": "web-1"}'), "projects/p/topics/t", publisher)


def test_a_pipeline_cancelled_while_it_publishes_cancels_its_release_if_asked_to(publisher: Interrupted) -> None:
    assert sender(publisher).send_and_wait(MemoryLedger(), SOON, cancels=True) is None
    assert [one.get("cancel") for one in publisher.taken] == [None, "web-1"]


def test_a_cancel_that_finds_nothing_to_cancel_ends_the_waiting(publisher: Interrupted) -> None:
    ledger = MemoryLedger()
    refused = a_release("msg-message-2", state=State.REJECTED)
    ledger.transact((), lambda _: Commit({release_key(refused.release_id): refused}, None))
    assert sender(publisher).send_and_wait(ledger, timedelta(minutes=1), cancels=True) == refused


def test_otherwise_it_only_stops_waiting(publisher: Interrupted, capsys: pytest.CaptureFixture[str]) -> None:
    assert sender(publisher).send_and_wait(MemoryLedger(), SOON, cancels=False) is ExitCode.INTERRUPTED
    assert len(publisher.taken) == 1
    assert "interlock wait web-1" in capsys.readouterr().err
