"""Dead letters in the ledger: find one or a group, and record what became of it, by whom and why."""

from collections.abc import Iterator
from dataclasses import replace

from cli.errors import CommandError, ExitCode
from interlock.domain.kept_letter import KeptLetter, Settlement
from interlock.domain.transaction import Commit, Key, Snapshot
from interlock.ports import Ledger, LedgerReader


def letter_key(dead_letter_id: str) -> Key:
    """Return the key of a dead letter's record."""
    return Key("dead_letters", dead_letter_id)


def find_letter(ledger: LedgerReader, dead_letter_id: str) -> KeptLetter:
    """Return the dead letter; raise CommandError where there is none."""
    found = ledger.read(letter_key(dead_letter_id))
    if not isinstance(found, KeptLetter):
        raise CommandError(
            f"no dead letter {dead_letter_id}", "run: interlock dead-letters list --all", code=ExitCode.FAILURE
        )
    return found


def letters(ledger: LedgerReader, *, group: str | None = None, settled: bool = False) -> Iterator[KeptLetter]:
    """Yield dead letters, the last seen first: those nobody has settled, or all; of one fingerprint, or all."""
    for found in ledger.newest("dead_letters"):
        if isinstance(found, KeptLetter) and (settled or found.settlement is None):
            yield from (found,) if group in {None, found.letter.fingerprint} else ()


def settle(ledger: Ledger, dead_letter_id: str, settlement: Settlement) -> KeptLetter:
    """Record the settlement unless there is one; return the letter as it stands then."""
    key = letter_key(dead_letter_id)

    def decision(snapshot: Snapshot) -> Commit[KeptLetter]:
        kept = snapshot[key]
        assert isinstance(kept, KeptLetter)
        settled = kept if kept.settlement else replace(kept, settlement=settlement)
        return Commit({key: settled} if settled is not kept else {}, settled)

    return ledger.transact((key,), decision)
