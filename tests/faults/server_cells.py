"""Every way in which Cloud Run, Pub/Sub, Firestore or the audit log fails a release, and how it must end even so."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from grpc import StatusCode

from tests.faults.proxy import Fault

Server = Literal["Cloud Run", "Pub/Sub", "Firestore", "audit log"]
CODES = tuple(code for code in StatusCode if code is not StatusCode.OK)
REFUSALS = (
    StatusCode.NOT_FOUND,
    StatusCode.PERMISSION_DENIED,
    StatusCode.INVALID_ARGUMENT,
    StatusCode.FAILED_PRECONDITION,
)
ALWAYS = float("inf")
LATE_SECONDS, TAKEN_OVER_SECONDS = 5, 12
"""Longer than a start may take, and than a claim is held, on the stack that meets them (PATIENT)."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One fault, met by one release; without `faults` the test itself plays the server."""

    server: Server
    call: str
    title: str
    faults: tuple[Fault, ...] = ()
    state: str = "succeeded"
    runs: int = 1
    executions: int | None = None

    @property
    def id(self) -> str:
        return f"{self.server}, {self.call}: {self.title}"

    def for_release(self, release_id: str) -> Iterator[Fault]:
        """Yield the faults as they are met by the release alone."""
        return (replace(fault, about=(release_id, *fault.about)) for fault in self.faults)


def _run_job(code: StatusCode, *, arrives: bool) -> Cell:
    title = f"{code.name}, {'the job starts all the same' if arrives else 'nothing is started'}"
    is_refused = code in REFUSALS and not arrives
    runs = 0 if is_refused else 1
    state = "errored" if is_refused else "succeeded"
    fault = Fault("RunJob", code=code, arrives=arrives)
    return Cell("Cloud Run", "RunJob", title, (fault,), state, runs, executions=None if arrives else runs)


def cloud_run_cells() -> Iterator[Cell]:
    """Yield what RunJob can answer, before and after really starting, and what the other calls can."""
    for code in CODES:
        yield _run_job(code, arrives=False)
        yield _run_job(code, arrives=True)
    down = Fault("RunJob", code=StatusCode.UNAVAILABLE, details="failed to connect to all addresses", arrives=False)
    lost = Fault("RunJob", code=StatusCode.UNAVAILABLE)
    yield Cell("Cloud Run", "RunJob", "no connection at all", (down,), executions=1)
    yield Cell("Cloud Run", "RunJob", "answers after the deadline", (Fault("RunJob", late=LATE_SECONDS),), executions=1)
    yield Cell("Cloud Run", "RunJob", "starts and answers after the deadline", (Fault("RunJob", held=LATE_SECONDS),))
    overtaken = Fault("RunJob", held=TAKEN_OVER_SECONDS)
    yield Cell("Cloud Run", "RunJob", "starts after its claim was taken over", (overtaken,))
    yield Cell("Cloud Run", "every call", "refused for 5 s, all broken that is on its way")
    for seconds in (2, 8):
        yield Cell("Cloud Run", "ListExecutions", f"lags {seconds} s behind a start in doubt", (lost,))
    for code in (StatusCode.UNAVAILABLE, StatusCode.INTERNAL, StatusCode.DEADLINE_EXCEEDED):
        yield Cell("Cloud Run", "CancelExecution", f"{code.name}, once", state="cancelled")
    forgotten = "knows the execution no more, and its entry was lost"
    yield Cell("Cloud Run", "GetExecution", forgotten, state="errored", executions=0)
    never = Fault("RunJob", code=StatusCode.UNAVAILABLE, arrives=False, times=ALWAYS)
    yield Cell("Cloud Run", "RunJob", "never starts, however often it is asked", (never,), "errored", 0, 0)
    yield Cell("Cloud Run", "RunJob", "a hidden execution wakes after its release closed", (never,), "errored", 0, 1)


def pubsub_cells() -> Iterator[Cell]:
    """Yield what a publish can answer, by whom and of what."""
    for code in CODES:
        for arrives in (False, True):
            faults = tuple(
                Fault("Publish", (f'"state": "{state}"',), code, arrives=arrives) for state in ("started", "succeeded")
            )
            title = f"{code.name}, {'published all the same' if arrives else 'not published'}"
            yield Cell("Pub/Sub", "publish of started and of succeeded", title, faults, executions=1)
    yield Cell("Pub/Sub", "every publish", "refused for 5 s, all broken that is on its way", executions=1)
    told = ('"state": "started"',)
    late = Fault("Publish", told, late=5)
    yield Cell("Pub/Sub", "publish of started", "answers 5 s late", (late,), executions=1)
    too_late = Fault("Publish", told, late=22)
    yield Cell("Pub/Sub", "publish of started", "answers after the deadline", (too_late,), executions=1)
    down = Fault("Publish", told, StatusCode.UNAVAILABLE, arrives=False, times=12)
    yield Cell("Pub/Sub", "publish of started", "UNAVAILABLE twelve times", (down,), executions=1)
    for code in (StatusCode.UNAVAILABLE, StatusCode.PERMISSION_DENIED):
        wake = Fault("Publish", ('{"resume": ',), code, arrives=False, times=3)
        yield Cell("Pub/Sub", "publish of a resume", f"{code.name} three times", (wake,))
        letter = Fault("Publish", ("interlock-reason",), code, arrives=False, times=3)
        title = f"{code.name} three times"
        yield Cell("Pub/Sub", "publish of a dead letter", title, (letter,), "rejected", 0, 0)


def firestore_cells() -> Iterator[Cell]:
    """Yield what a commit and a read can answer, and how long they can take."""
    for code in CODES:
        for arrives in (False, True):
            title = f"{code.name}, {'committed all the same' if arrives else 'not committed'}"
            yield Cell("Firestore", "Commit", title, (Fault("Commit", code=code, arrives=arrives),))
    for code in (StatusCode.ABORTED, StatusCode.UNAVAILABLE, StatusCode.DEADLINE_EXCEEDED, StatusCode.INTERNAL):
        yield Cell("Firestore", "BatchGetDocuments", code.name, (Fault("BatchGetDocuments", code=code, arrives=False),))
        many = Fault("Commit", code=code, arrives=False, times=6)
        yield Cell("Firestore", "Commit", f"{code.name} six times", (many,))
    yield Cell("Firestore", "Commit", "answers 3 s late, always", (Fault("Commit", late=3, times=ALWAYS),))
    yield Cell("Firestore", "Commit", "takes 3 s to begin, always", (Fault("Commit", held=3, times=ALWAYS),))
    yield Cell("Firestore", "every call", "refused for 5 s, all broken that is on its way")
    slow = Fault("BatchGetDocuments", late=3, times=ALWAYS)
    yield Cell("Firestore", "BatchGetDocuments", "answers 3 s late, always", (slow,))


AUDIT_CELLS = (
    Cell("audit log", "entry", "comes by Eventarc alone", executions=1),
    Cell("audit log", "entry", "comes by the log sink alone", executions=1),
    Cell("audit log", "entry", "is lost both ways", executions=1),
    Cell("audit log", "entry", "comes five times more, at once", executions=1),
    Cell("audit log", "entry", "comes after reconcile has closed the release", executions=1),
    Cell("audit log", "entry", "comes before RunJob has answered", (Fault("RunJob", late=1.7),), executions=1),
    Cell("audit log", "entry", "comes in two parts only", executions=1),
    Cell("audit log", "entry", "of one release comes after that of the next in the lane", executions=1),
)
