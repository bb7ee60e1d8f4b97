"""The lifecycle of a release: one pure decision for every event in every state."""

from typing import assert_never

from interlock.domain.releases import admission, ending, starting
from interlock.domain.releases.context import Context
from interlock.domain.releases.effects import NoEffect, Transition
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
from interlock.domain.releases.lane import Lane
from interlock.domain.releases.model import Release, ReleasePlan


def decide(release: Release | None, lane: Lane | None, event: Event, context: Context) -> Transition:
    """Return what the event does to the release and its lane at this time, and what is to be done about it."""
    match event:
        case RequestReceived():
            return admission.request_received(release, lane, event.candidate, context)
        case DeadLettered():
            return ending.dead_lettered(release, lane, event.candidate, context)
        case StartConfirmed():
            if release is None:
                return Transition(None, lane, (NoEffect("unknown_release"),))
            return starting.start_confirmed(release, lane, event, context)
        case _:
            if release is None or lane is None or release.plan is None:
                reason = "unknown_release" if release is None else "already_closed"
                return Transition(release, lane, (NoEffect(reason),))
            return _decide_known(release, lane, release.plan, event, context)


_Known = Resume | StartRefused | StartThrottled | ExecutionNotFound | ExecutionEnded | Cancel | Superseded


def _decide_known(release: Release, lane: Lane, plan: ReleasePlan, event: _Known, context: Context) -> Transition:
    match event:
        case Resume():
            return starting.resume(release, lane, plan, context)
        case StartRefused():
            return starting.start_refused(release, lane, event, context)
        case StartThrottled():
            return starting.start_throttled(release, lane, event, plan, context)
        case ExecutionNotFound():
            return starting.execution_not_found(release, lane, event, context)
        case ExecutionEnded():
            return ending.execution_ended(release, lane, event, context)
        case Cancel():
            return ending.cancel(release, lane, event, context)
        case Superseded():
            return ending.superseded(release, lane, event, context)
        case _ as unreachable:
            assert_never(unreachable)
