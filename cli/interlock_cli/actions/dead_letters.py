"""Reads dead letters from the ledger, and records how one was resolved, by whom and why."""

from collections.abc import Iterator
from dataclasses import replace

from interlock.domain.dead_letters.stored import Resolution, StoredDeadLetter
from interlock.ledger.interface import Commit, Ledger, LedgerReader, Snapshot
from interlock.ledger.records import Key
from interlock_cli.errors import CommandError, ExitCode


def dead_letter_key(dead_letter_id: str) -> Key:
    """Return the key of a dead letter's record."""
    return Key("dead_letters", dead_letter_id)


def find_dead_letter(ledger: LedgerReader, dead_letter_id: str) -> StoredDeadLetter:
    """Return the dead letter; raise CommandError where there is none."""
    record = ledger.read(dead_letter_key(dead_letter_id))
    if not isinstance(record, StoredDeadLetter):
        what, remedy = f"no dead letter {dead_letter_id}", "run: interlock dead-letters list --all"
        raise CommandError(what, remedy, code=ExitCode.FAILURE)
    return record


def read_dead_letters(
    ledger: LedgerReader, *, group: str | None = None, include_resolved: bool = False
) -> Iterator[StoredDeadLetter]:
    """Yield dead letters, the last seen first: the open ones or all, of one fingerprint or of every."""
    for record in ledger.newest("dead_letters"):
        if not isinstance(record, StoredDeadLetter) or (record.settlement and not include_resolved):
            continue
        if group in {None, record.letter.fingerprint}:
            yield record


def record_resolution(ledger: Ledger, dead_letter_id: str, resolution: Resolution) -> StoredDeadLetter:
    """Record the resolution unless there is one already; return the dead letter's record after that."""
    key = dead_letter_key(dead_letter_id)

    def decision(snapshot: Snapshot) -> Commit[StoredDeadLetter]:
        stored = snapshot[key]
        assert isinstance(stored, StoredDeadLetter)
        if stored.settlement:
            return Commit({}, stored)
        resolved = replace(stored, settlement=resolution)
        return Commit({key: resolved}, resolved)

    return ledger.transact((key,), decision)
