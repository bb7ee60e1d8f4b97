"""Dead letters in the ledger: find one or a group, and record what became of it, by whom and why."""

from collections.abc import Iterator
from dataclasses import replace

from interlock.domain.dead_letters.stored import Resolution, StoredDeadLetter
from interlock.ledger.interface import Commit, Ledger, LedgerReader, Snapshot
from interlock.ledger.records import Key
from interlock_cli.errors import CommandError, ExitCode


def letter_key(dead_letter_id: str) -> Key:
    """Return the key of a dead letter's record."""
    return Key("dead_letters", dead_letter_id)


def find_letter(ledger: LedgerReader, dead_letter_id: str) -> StoredDeadLetter:
    """Return the dead letter; raise CommandError where there is none."""
    found = ledger.read(letter_key(dead_letter_id))
    if not isinstance(found, StoredDeadLetter):
        raise CommandError(
            f"no dead letter {dead_letter_id}", "run: interlock dead-letters list --all", code=ExitCode.FAILURE
        )
    return found


def letters(ledger: LedgerReader, *, group: str | None = None, settled: bool = False) -> Iterator[StoredDeadLetter]:
    """Yield dead letters, the last seen first: those nobody has settled, or all; of one fingerprint, or all."""
    for found in ledger.newest("dead_letters"):
        if isinstance(found, StoredDeadLetter) and (settled or found.settlement is None):
            yield from (found,) if group in {None, found.letter.fingerprint} else ()


def settle(ledger: Ledger, dead_letter_id: str, settlement: Resolution) -> StoredDeadLetter:
    """Record the settlement unless there is one; return the letter as it stands then."""
    key = letter_key(dead_letter_id)

    def decision(snapshot: Snapshot) -> Commit[StoredDeadLetter]:
        kept = snapshot[key]
        assert isinstance(kept, StoredDeadLetter)
        settled = kept if kept.settlement else replace(kept, settlement=settlement)
        return Commit({key: settled} if settled is not kept else {}, settled)

    return ledger.transact((key,), decision)
