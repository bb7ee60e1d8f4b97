"""What one subscription still has to deliver: who holds which message until when, and what is due next."""

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from interlock_local.pubsub.letter import Letter
from interlock_local.pubsub.terms import Terms


@dataclass(frozen=True, slots=True)
class Lease:
    """One delivery of one message; its id is what a subscriber acknowledges."""

    ack_id: str
    letter: Letter
    attempt: int
    holder: int


@dataclass(slots=True)
class Entry:
    """One message of the backlog; `failures` counts refusals and deadlines that passed."""

    letter: Letter
    failures: int = 0
    due: float = 0.0
    lease: Lease | None = None
    deadline: float = 0.0


@dataclass(slots=True)
class Backlog:
    """Pure bookkeeping: the clock is handed in, and settled messages are handed out."""

    terms: Terms
    boot: str = "0"
    entries: dict[int, Entry] = field(default_factory=dict)
    _lines: dict[str, deque[int]] = field(default_factory=dict)
    _due: list[tuple[float, int]] = field(default_factory=list)
    _deadlines: list[tuple[float, int]] = field(default_factory=list)
    _held: dict[int, dict[str, int]] = field(default_factory=dict)
    _deliveries: int = 0

    def add(self, letter: Letter, *, failures: int = 0, due: float = 0.0) -> None:
        """Letters come in the order of their numbers."""
        self.entries[letter.number] = Entry(letter, failures, due)
        if self._is_in_line(letter):
            line = self._lines.setdefault(letter.key, deque())
            line.append(letter.number)
            if len(line) > 1:
                return
        heapq.heappush(self._due, (due, letter.number))

    def take(self, now: float, *, limit: int, until: float, holder: int = 0, room: int | None = None) -> list[Lease]:
        """Leases what is due; with ordering a key follows its head, and never while part of it is still out.

        `room` bounds the bytes, but for the first message, as Google's flow control does.
        """
        taken: list[Lease] = []
        for entry in self._ready(now):
            if len(taken) >= limit or (taken and room is not None and room < entry.letter.size):
                heapq.heappush(self._due, (entry.due, entry.letter.number))
                break
            for follower in self._run(entry, limit - len(taken)):
                taken.append(self._lease(follower, until=until, holder=holder))
                room = None if room is None else room - follower.letter.size
        return taken

    def find(self, ack_id: str) -> Entry | None:
        """The message of a delivery that still counts; None for one that expired or was settled."""
        number, _, rest = ack_id.partition("-")
        entry = self.entries.get(int(number)) if number.isdigit() else None
        if entry is None:
            return None
        if entry.lease is not None:
            return entry if entry.lease.ack_id == ack_id else None
        attempt, _, boot = rest.partition("-")
        survives_restart = attempt == str(entry.failures + 1) and boot.partition("-")[0] != self.boot
        return entry if survives_restart else None

    def acknowledge(self, entry: Entry) -> None:
        """Done with it."""
        self._release(entry)
        del self.entries[entry.letter.number]
        if self._is_in_line(entry.letter):
            self._lines[entry.letter.key].remove(entry.letter.number)
            self._move_up(entry.letter.key)

    def extend(self, entry: Entry, *, until: float) -> None:
        """Gives the holder more time."""
        entry.deadline = until
        heapq.heappush(self._deadlines, (until, entry.letter.number))

    def refuse(self, entry: Entry, *, now: float) -> bool:
        """Counts a failed delivery and sets its next; with ordering the later ones of its key come again too.

        True where the terms say that it has failed often enough, and the caller has to take it away.
        """
        entry.failures += 1
        entry.due = now + self.terms.retry.delay(entry.failures)
        self._release(entry)
        if not self._is_in_line(entry.letter):
            heapq.heappush(self._due, (entry.due, entry.letter.number))
        else:
            for number in self._lines[entry.letter.key]:
                if number > entry.letter.number:
                    self._release(self.entries[number])
            self._move_up(entry.letter.key)
        return self.terms.is_exhausted(entry.failures)

    def expired(self, now: float) -> list[Entry]:
        """Those whose holder did not answer in time."""
        found = []
        while self._deadlines and self._deadlines[0][0] <= now:
            deadline, number = heapq.heappop(self._deadlines)
            entry = self.entries.get(number)
            if entry and entry.lease and entry.deadline == deadline:
                found.append(entry)
        return found

    def next_due(self) -> float | None:
        """When something may be due next; never later than it is."""
        return self._due[0][0] if self._due else None

    def next_deadline(self) -> float | None:
        """When a lease may expire next; never later than it does."""
        return self._deadlines[0][0] if self._deadlines else None

    def held_by(self, holder: int) -> tuple[int, int]:
        """How many messages and bytes a holder has not settled yet."""
        held = self._held.get(holder, {})
        return len(held), sum(held.values())

    def _ready(self, now: float) -> Iterator[Entry]:
        while self._due and self._due[0][0] <= now:
            due, number = heapq.heappop(self._due)
            entry = self.entries.get(number)
            if entry and entry.lease is None and entry.due == due:
                yield entry

    def _run(self, head: Entry, limit: int) -> list[Entry]:
        if not self._is_in_line(head.letter):
            return [head]
        line = self._lines[head.letter.key]
        length = 1 if self.terms.push else limit
        return [self.entries[number] for number, _ in zip(line, range(length), strict=False)]

    def _lease(self, entry: Entry, *, until: float, holder: int) -> Lease:
        self._deliveries += 1
        attempt = entry.failures + 1
        ack_id = f"{entry.letter.number}-{attempt}-{self.boot}-{self._deliveries}"
        entry.lease = Lease(ack_id, entry.letter, attempt, holder)
        self._held.setdefault(holder, {})[ack_id] = entry.letter.size
        self.extend(entry, until=until)
        return entry.lease

    def _release(self, entry: Entry) -> None:
        if entry.lease is None:
            return
        held = self._held[entry.lease.holder]
        del held[entry.lease.ack_id]
        if not held:
            del self._held[entry.lease.holder]
        entry.lease = None

    def _move_up(self, key: str) -> None:
        line = self._lines[key]
        if not line:
            del self._lines[key]
        else:  # if the head is still out, it is passed over until it comes back
            head = self.entries[line[0]]
            heapq.heappush(self._due, (head.due, line[0]))

    def _is_in_line(self, letter: Letter) -> bool:
        return self.terms.is_ordered and bool(letter.key)
