"""Every place where a function can be lost: each life of a release, effect by effect, and what must become of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Killer = Literal["inside", "at_server_before", "at_server_after"]


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing a function does to the world, and the points around it; it has no `after` of its own when read."""

    name: str
    before: str
    after: str | None = None

    @property
    def points(self) -> set[str]:
        return {self.before, self.after or self.before}


def _around(name: str, point: str) -> Effect:
    return Effect(name, f"before_{point}", f"after_{point}")


def _commit(turn: str, word: str) -> Effect:
    return _around(f"commit: {word}", f"commit_{turn}")


def _told(state: str) -> Effect:
    return _around(f"publish: {state}", f"tell_{state}")


READ = Effect("ledger read", "before_start")
DUE = Effect("ledger read", "before_start", "after_due")
ACKNOWLEDGED = _around("acknowledge", "acknowledge")
CLAIM, CONFIRM, CLOSE = _commit("claim", "claim"), _commit("confirm", "execution"), _commit("close", "closed")
QUEUE, CANCEL, KNOW = _commit("queue", "queued"), _commit("cancel", "cancel"), _commit("know", "duplicate")
FORGET, KEEP, CHECK = _commit("forget", "sent"), _commit("keep", "dead letter"), _commit("check", "looked at")
RUN_JOB, STOP, LOOK = _around("RunJob", "run_job"), _around("CancelExecution", "stop"), _around("look up", "look")
REFUSE, SEAL = _commit("refuse", "refusal"), _around("seal", "seal")
RESULTS = _around("results read", "results")
READ_AFTER_RESULTS = Effect("ledger read", "after_results")
RESUME, LETTER = _around("publish: resume", "resume"), _around("publish: dead letter", "dead_letter")
ALERT = _around("alert", "alert")


@dataclass(frozen=True, slots=True)
class Life:
    """One way through a function; `first` is the effect from which on it differs from the lives before it."""

    function: str
    name: str
    title: str
    effects: tuple[Effect, ...]
    state: str
    runs: int
    first: int = 0

    @property
    def turn(self) -> bool:
        """Which half of a function's lives it belongs to; each half is struck in turn, both at once."""
        return self.name in ("fresh", "queued", "next")

    @property
    def waits_for_reconcile(self) -> bool:
        """Whether nothing happens for half a minute, until a reconcile finds the release due."""
        return self.name in ("unreported", "unowned_unreported")


LIVES = (
    Life(
        "dispatch_release",
        "fresh",
        "a release on a free lane",
        (READ, CLAIM, RUN_JOB, CONFIRM, _told("started"), FORGET, ACKNOWLEDGED),
        "succeeded",
        1,
    ),
    Life(
        "dispatch_release",
        "queued",
        "a release that must wait",
        (READ, QUEUE, _told("queued"), FORGET, ACKNOWLEDGED),
        "succeeded",
        1,
        first=1,
    ),
    Life(
        "dispatch_release",
        "next",
        "the next of a lane, by its resume",
        (READ, CLAIM, RUN_JOB, CONFIRM, _told("started"), FORGET, ACKNOWLEDGED),
        "succeeded",
        1,
    ),
    Life(
        "dispatch_release",
        "taken_over",
        "a start taken over from a killed one",
        (CLAIM, LOOK, RUN_JOB, CONFIRM),
        "succeeded",
        1,
        first=1,
    ),
    Life(
        "dispatch_release",
        "refused",
        "a start refused for good",
        (READ, CLAIM, RUN_JOB, REFUSE, LOOK, SEAL, CLOSE, _told("errored"), LETTER, FORGET, ACKNOWLEDGED),
        "errored",
        0,
        first=3,
    ),
    Life(
        "dispatch_release",
        "rejected",
        "a request that breaks the schema",
        (READ, CLOSE, _told("rejected"), LETTER, FORGET, ACKNOWLEDGED),
        "rejected",
        0,
        first=1,
    ),
    Life(
        "dispatch_release",
        "cancelled",
        "a cancel of a running release",
        (READ, CANCEL, STOP, ACKNOWLEDGED),
        "cancelled",
        1,
    ),
    Life(
        "dispatch_release",
        "asked_again",
        "a duplicate of a closed release",
        (READ, KNOW, _told("succeeded"), ACKNOWLEDGED),
        "succeeded",
        1,
        first=1,
    ),
    Life(
        "report_status",
        "ended",
        "a completion, another release waiting",
        (RESULTS, READ_AFTER_RESULTS, CLOSE, _told("succeeded"), FORGET, ACKNOWLEDGED),
        "succeeded",
        1,
    ),
    Life(
        "report_status",
        "woken",
        "the resume that a completion sends",
        (_told("succeeded"), RESUME),
        "succeeded",
        1,
        first=2,
    ),
    Life(
        "report_status",
        "unowned",
        "a failure that took no fence, of a release started twice",
        (RESULTS, READ_AFTER_RESULTS, SEAL, CLOSE),
        "failed",
        0,
        first=2,
    ),
    Life(
        "alert_dead_letter",
        "buried",
        "a message that Pub/Sub gave up on",
        (READ, KEEP, CLOSE, _told("dead_lettered"), FORGET, ALERT, ACKNOWLEDGED),
        "dead_lettered",
        0,
    ),
    Life(
        "reconcile_releases",
        "overloaded",
        "a release put back for overload",
        (DUE, CHECK, RESUME, ACKNOWLEDGED),
        "succeeded",
        1,
    ),
    Life(
        "reconcile_releases",
        "unreported",
        "an execution whose completion was lost",
        (DUE, CHECK, LOOK, RESULTS, READ_AFTER_RESULTS, CLOSE, _told("succeeded"), FORGET),
        "succeeded",
        1,
        first=2,
    ),
    Life(
        "reconcile_releases",
        "unowned_unreported",
        "a failure that took no fence, of a release started twice, its completion lost",
        (DUE, CHECK, LOOK, RESULTS, READ_AFTER_RESULTS, SEAL, CLOSE),
        "failed",
        0,
        first=5,
    ),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One place to die at: the function has done everything up to `after` and nothing from `before` on."""

    life: Life
    point: str
    after: str
    before: str
    killer: Killer = "inside"

    @property
    def id(self) -> str:
        return f"{self.life.function}-{self.life.name}-{self.point}-{self.killer}"


def cells() -> Iterator[Cell]:
    """Yield all cells, in the order of the lives and of their effects."""
    for life in LIVES:
        yield from _cells_of(life)


def _cells_of(life: Life) -> Iterator[Cell]:
    last = len(life.effects)
    for index in range(life.first, last + 1):
        done = life.effects[index - 1] if index else None
        due = life.effects[index] if index < last else None
        if done is RUN_JOB and life.name == "fresh":
            yield Cell(life, "RunJob", "RunJob sent", "RunJob arrives", "at_server_before")
            yield Cell(life, "RunJob", "RunJob arrived", "RunJob answered", "at_server_after")
        if done is not None and done.name == "publish: started" and life.name == "fresh":
            yield Cell(life, "Publish", "publish arrived", "publish answered", "at_server_after")
        point = due.before if due else done.after if done else None
        assert point, f"{life.name} has no point at {index}"
        yield Cell(life, point, done.name if done else "message delivered", due.name if due else "anything else")


def unknown_places(function: str, passed: set[str]) -> set[str]:
    """Return the points passed that no cell of the function knows; telling one state is like telling another."""
    known = {"before_start"}.union(*(one.points for life in LIVES if life.function == function for one in life.effects))
    kinds = {_kind(point) for point in known}
    return {point for point in passed if _kind(point) not in kinds}


def _kind(point: str) -> str:
    return point.partition("tell_")[0]


MISSING: Mapping[str, str] = {
    "commit sent, unanswered": "For the world it is the commit: what was written is there, and the next to come reads "
    "it. On SQLite the commit is a write to a file and has no such moment; on Firestore see the server faults.",
    "RunJob or GetExecution in report_status and alert_dead_letter": "They do not call Cloud Run.",
    "results read in dispatch_release and alert_dead_letter": "They do not read the results store.",
    "publish resume in dispatch_release": "It pursues the next release itself, as the life `next` of the lane; a crash "
    "before leaves the resume in the outbox.",
    "publish dead letter in report_status and reconcile_releases": "Only dispatch_release may publish there; the "
    "others leave it in the outbox.",
    "acknowledge in reconcile_releases": "The Scheduler sends the next tick whatever it was answered; the cells are "
    "there, but nothing is delivered again.",
}
"""Cells that cannot exist, or say nothing that another does not say, and why."""
