"""Waiting for a release on a ledger in memory: what counts as its end, and an unavailable ledger."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from interlock.domain.releases.model import OUTCOMES, Release, State
from interlock.ledger.interface import Commit, LedgerUnavailable
from interlock.ledger.records import Key, Record
from interlock.services.release_transaction import release_key
from interlock_cli.actions.wait import WaitTarget, wait_until_closed
from interlock_cli.views.exit_codes import EXIT_CODES
from tests.build import a_release
from tests.fakes import MemoryLedger


@dataclass
class ScriptedLedger(MemoryLedger):
    """A ledger whose first reads fail, and in which the next record of the script is written with each pause."""

    failing_reads: int = 0
    script: list[Release] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def read(self, key: Key) -> Record | None:
        if self.failing_reads > 0:
            self.failing_reads -= 1
            raise LedgerUnavailable("down")
        return super().read(key)

    def pass_time(self, _: float) -> None:
        """Write the next record."""
        if self.script:
            put(self, self.script.pop(0))


def put(ledger: MemoryLedger, release: Release) -> None:
    ledger.transact((), lambda _: Commit({release_key(release.release_id): release}, None))


def ended(state: State = State.SUCCEEDED, release_id: str = "web-1", **changes: Any) -> Release:
    return a_release(release_id, state=state, **changes)


def wait(ledger: ScriptedLedger, **target: Any) -> Release | None:
    return wait_until_closed(
        ledger, WaitTarget(release_id="web-1", **target), timeout=timedelta(seconds=1), sleep=ledger.pass_time
    )


def test_every_closing_state_has_its_exit_code() -> None:
    assert EXIT_CODES.keys() == OUTCOMES.keys()


def test_an_unavailable_ledger_is_read_again_and_reported_once(capsys: pytest.CaptureFixture[str]) -> None:
    ledger = ScriptedLedger(failing_reads=5, script=[a_release(), ended()])
    assert wait(ledger) == ended()
    assert capsys.readouterr().err.count("does not answer") == 1


def test_the_end_of_an_earlier_attempt_does_not_count() -> None:
    before = ended(State.FAILED)
    again = ended(attempt=2, message_ids=("m-web-1", "m-2"))
    ledger = ScriptedLedger(script=[again])
    put(ledger, before)
    assert wait(ledger, message_id="m-2", before=before) == again


def test_a_request_whose_id_is_taken_ends_under_its_message_s_id() -> None:
    refused = ended(State.REJECTED, "msg-m-2")
    ledger = ScriptedLedger(script=[refused])
    put(ledger, ended())
    assert wait(ledger, message_id="m-2", before=ended()) == refused


def test_a_message_that_ended_as_a_dead_letter_counts() -> None:
    dead_lettered = ended(State.DEAD_LETTERED, message_ids=("forwarded",))
    assert wait(ScriptedLedger(script=[dead_lettered]), message_id="m-2") == dead_lettered


def test_a_cancel_waits_for_the_release_it_names() -> None:
    ledger = ScriptedLedger(script=[ended(State.CANCELLED)])
    put(ledger, a_release(state=State.STARTED))
    found = wait(ledger, message_id="m-2", is_about_another=True)
    assert found
    assert found.state is State.CANCELLED


def test_the_time_runs_out() -> None:
    ledger = ScriptedLedger()
    put(ledger, a_release())
    assert wait(ledger) is None
