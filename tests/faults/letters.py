"""What on-call has of a message that nobody could handle: a letter to review, one incident, an alert."""

import json
from collections.abc import Iterator
from typing import Any

from interlock.domain.dead_letters.dead_letter import DeadLetter, Incident
from interlock.domain.dead_letters.stored import StoredDeadLetter
from interlock.ledger.records import Key
from tests.e2e.stack import wait_until
from tests.faults.bench import Bench

WITHIN_SECONDS = 60.0


def assert_on_call_knows(bench: Bench, release_id: str) -> None:
    """Hold the release's message to the rules of a dead letter, however often it was brought.

    It is kept once, its data whole; its alert is written at least once, always for the one incident that counts it.
    """
    wait_until(lambda: any(alerts(bench, release_id)), within=WITHIN_SECONDS)
    [letter] = letters(bench, release_id)
    assert json.loads(letter.data)["release_id"] == release_id
    told = {(one["dead_letter_id"], one["fingerprint"]) for one in alerts(bench, release_id)}
    assert told == {(letter.dead_letter_id, letter.fingerprint)}, f"{release_id}: alerts of {told}"
    incident = bench.stack.ledger.read(Key("incidents", letter.fingerprint))
    assert isinstance(incident, Incident), f"{release_id}: no incident"


def assert_each_letter_counts_once(bench: Bench) -> None:
    """Hold every incident to the letters kept: each is counted once, though it came several times."""
    kept = [letter.fingerprint for letter in letters(bench)]
    for one in bench.stack.ledger.newest("incidents"):
        assert isinstance(one, Incident)
        assert one.count == kept.count(one.fingerprint), (
            f"{one.fingerprint}: {one.count} of {kept.count(one.fingerprint)}"
        )


def letters(bench: Bench, release_id: str | None = None) -> list[DeadLetter]:
    """Return the letters kept, of one release or of all."""
    kept = (one.letter for one in bench.stack.ledger.newest("dead_letters") if isinstance(one, StoredDeadLetter))
    return [letter for letter in kept if release_id in (None, letter.release_id)]


def alerts(bench: Bench, release_id: str) -> Iterator[dict[str, Any]]:
    """Yield the alerts written about the release's message, repetitions too."""
    for line in bench.stack.plan.log("alert_dead_letter").read_text().splitlines():
        if line.startswith("{") and release_id in line:
            entry = json.loads(line)
            if entry.get("event") == "dead_letter" and entry.get("release_id") == release_id:
                yield entry
