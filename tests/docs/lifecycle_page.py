"""Draws docs/lifecycle.md by asking the machine itself about every event in every state."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from interlock.domain.releases.effects import (
    Effect,
    FindExecution,
    IdConflict,
    NoEffect,
    Redeliver,
    Republish,
    StartExecution,
    StopExecution,
    SupersedeQueued,
    Transition,
)
from interlock.domain.releases.events import (
    Cancel,
    DeadLettered,
    Event,
    ExecutionEnded,
    ExecutionNotFound,
    RequestReceived,
    Resume,
    StartConfirmed,
    StartRefused,
    StartThrottled,
    Superseded,
)
from interlock.domain.releases.lane import Lane, Waiting
from interlock.domain.releases.model import Cancellation, Release, Result, State
from interlock.domain.releases.state_machine import decide
from tests.build import JOB, LIMITS, NOW, a_context, a_release, at

INTRODUCTION = """# The lifecycle of a release

Every event in every state, as the machine in `functions/interlock/domain/` decides it.
`python -m tests.docs.generate` writes this page.
Where nothing moves, the cell names the rule that refuses it.
"unknown" is a release that Interlock has not seen.
The lane is `fifo` with room for one, the rerun policy `failed_only`.
"""
EXECUTION, OTHER = f"{JOB}/executions/agent-1", f"{JOB}/executions/agent-2"
NEVER_PLANNED = {State.REJECTED, State.DEAD_LETTERED}
Standing = tuple[Release | None, Lane | None]


@dataclass(frozen=True)
class Case:
    """One event under one circumstance; `given` is what the circumstance makes of a standing release and lane."""

    title: str
    event: Event
    given: Callable[[Release, Lane], tuple[Release, Lane]] = lambda release, lane: (release, lane)
    now: datetime = NOW


def standing(state: State | None) -> Standing:
    """Return a release as it is in the state, and its lane."""
    lane = Lane(key="staging/web")
    if state is None:
        return None, lane
    release = replace(a_release(), state=state, sequence=1)
    match state:
        case State.QUEUED:
            return release, replace(lane, queue=(Waiting(release.source.publish_time, release.release_id, True),))
        case State.STARTING:
            return replace(release, fencing_token=1, starts=1, lease_until=at(60)), replace(lane, holders=("web-1",))
        case State.STARTED:
            running = replace(release, fencing_token=1, starts=1, execution=EXECUTION)
            return running, replace(lane, holders=("web-1",))
        case _:
            return replace(release, plan=None if state in NEVER_PLANNED else release.plan), lane


def _held(release: Release, lane: Lane) -> tuple[Release, Lane]:
    return release, replace(lane, holders=lane.holders or ("other",))


def _second_start(release: Release, lane: Lane) -> tuple[Release, Lane]:
    return replace(release, starts=2), lane


def _no_try_left(release: Release, lane: Lane) -> tuple[Release, Lane]:
    return replace(release, starts=LIMITS.max_starts), lane


def _cancelled(release: Release, lane: Lane) -> tuple[Release, Lane]:
    return replace(release, cancellation=Cancellation(at=NOW, requested_by=None, reason=None)), lane


def _must_wait(release: Release, lane: Lane) -> tuple[Release, Lane]:
    return replace(release, not_before=at(60)), lane


def _too_late(release: Release, lane: Lane) -> tuple[Release, Lane]:
    return replace(release, not_after=at(30)), lane


def _complete(execution: str, owner: str | None) -> ExecutionEnded:
    return ExecutionEnded(
        release_id="web-1",
        execution=execution,
        attempt=1,
        fencing_token=1,
        state=State.SUCCEEDED,
        result=Result(),
        owner=owner,
        log_uri=None,
    )


_AGAIN = a_release(message_id="m-2", published=1)
_ANOTHER = replace(_AGAIN, payload_hash="another")
_INVALID = replace(_AGAIN, state=State.REJECTED, plan=None, result=Result(reason="schema"))

CASES: tuple[Case, ...] = (
    Case("RequestReceived: a request under the id, the lane free", RequestReceived(_AGAIN)),
    Case("RequestReceived: a request under the id, the lane held", RequestReceived(_AGAIN), _held),
    Case("RequestReceived: the same message again, while a claim stands", RequestReceived(a_release())),
    Case("RequestReceived: the same message again, when the claim is over", RequestReceived(a_release()), now=at(61)),
    Case("RequestReceived: another request under the same id", RequestReceived(_ANOTHER)),
    Case("RequestReceived: an invalid request under the same id", RequestReceived(_INVALID)),
    Case("Resume: the lane free", Resume()),
    Case("Resume: the lane held", Resume(), _held),
    Case("Resume: the claim is over", Resume(), now=at(61)),
    Case("Resume: the claim is over and no try is left", Resume(), _no_try_left, at(61)),
    Case("Resume: the claim is over and a cancel was asked for", Resume(), _cancelled, at(61)),
    Case("Resume: too early for the next try", Resume(), _must_wait),
    Case("Resume: `not_after` has passed", Resume(), _too_late, at(30)),
    Case("StartConfirmed: the execution of this claim", StartConfirmed(1, EXECUTION, None)),
    Case(
        "StartConfirmed: the execution of this claim, and a cancel was asked for",
        StartConfirmed(1, EXECUTION, None),
        _cancelled,
    ),
    Case("StartConfirmed: the execution of an earlier claim", StartConfirmed(0, EXECUTION, None)),
    Case("StartRefused: the first start, for good", StartRefused(1, "permission", "403")),
    Case(
        "StartRefused: a later start, for good, while an earlier one may run",
        StartRefused(1, "permission", "403"),
        _second_start,
    ),
    Case("StartRefused: the start of an earlier claim", StartRefused(0, "permission", "403")),
    Case("StartThrottled: the first start", StartThrottled(1, at(5))),
    Case("StartThrottled: a later start, while an earlier one may run", StartThrottled(1, at(5)), _second_start),
    Case("StartThrottled: the start of an earlier claim", StartThrottled(0, at(5))),
    Case("ExecutionNotFound: no execution bears the release", ExecutionNotFound(1)),
    Case(
        "ExecutionNotFound: no execution bears the release, and a cancel was asked for",
        ExecutionNotFound(1),
        _cancelled,
    ),
    Case("ExecutionNotFound: told of an earlier claim", ExecutionNotFound(0)),
    Case("ExecutionEnded: by the execution that owns the fence", _complete(EXECUTION, "agent-1")),
    Case("ExecutionEnded: by an execution that stood back", _complete(OTHER, "agent-1")),
    Case("ExecutionEnded: nobody took the fence", _complete(EXECUTION, None)),
    Case("ExecutionEnded: of an earlier attempt", replace(_complete(EXECUTION, "agent-1"), attempt=0)),
    Case("Cancel", Cancel(None, None)),
    Case("Superseded", Superseded("web-2")),
    Case("DeadLettered", DeadLettered(replace(_AGAIN, state=State.DEAD_LETTERED, plan=None))),
)


def decided(case: Case, state: State | None) -> tuple[Standing, Transition]:
    """Return how things stood, and what the machine decided."""
    release, lane = standing(state)
    if release is not None and lane is not None:
        release, lane = case.given(release, lane)
    elif lane is not None and case.given is _held:
        lane = replace(lane, holders=("other",))
    if (release is None and not isinstance(case.event, RequestReceived)) or (
        release and not _lane_is_read(release, case)
    ):
        lane = None
    return (release, lane), decide(release, lane, case.event, a_context(case.now))


def _lane_is_read(release: Release, case: Case) -> bool:
    return release.plan is not None or isinstance(case.event, RequestReceived)


def page() -> str:
    """Return docs/lifecycle.md."""
    return "\n".join((INTRODUCTION, *(line for case in CASES for line in _section(case)))).rstrip() + "\n"


def _section(case: Case) -> Iterator[str]:
    yield f"## {case.title}\n"
    yield "| in state | then | what is done, or the rule that refuses it |"
    yield "|---|---|---|"
    rows: dict[tuple[str, str], list[str]] = {}
    for state in (None, *State):
        before, after = decided(case, state)
        rows.setdefault((_then(before, after), ", ".join(_done(before, after))), []).append(state or "unknown")
    for (then, done), states in rows.items():
        yield f"| {', '.join(states)} | {then} | {done} |"
    yield ""


def _then(before: Standing, after: Transition) -> str:
    was, now = before[0] and before[0].state, after.release and after.release.state
    return "as before" if was is now else str(now)


def _done(before: Standing, after: Transition) -> Iterator[str]:
    yield from _news(before[0], after.release)
    yield from map(_effect, after.effects)
    if before[0] is not after.release and not after.effects and after.release and after.release.outbox.is_empty:
        yield "noted"


def _news(before: Release | None, release: Release | None) -> Iterator[str]:
    if release is None or release is before:
        return
    told = before.outbox.events if before else ()
    for event in release.outbox.events[len(told) :]:
        yield f"tells `{event.state}`"
    if release.outbox.resumes:
        yield "wakes the next"
    if release.outbox.dead_letter:
        yield "forwards its message as a dead letter"


_WORDS: Mapping[type[Effect], str] = {
    StartExecution: "starts the job",
    FindExecution: "looks for its execution",
    StopExecution: "stops the execution",
    SupersedeQueued: "supersedes the older",
    Republish: "tells its state again",
    IdConflict: "refuses: `id_conflict`",
}


def _effect(effect: Effect) -> str:
    match effect:
        case NoEffect(reason):
            return f"refuses: `{reason}`"
        case Redeliver(reason):
            return f"comes again later: `{reason}`"
        case StartExecution(take_over=True):
            return "looks for its execution, else starts the job"
        case _:
            return _WORDS[type(effect)]
