"""The lifecycle of a release: one pure decision for every event in every state."""

from datetime import datetime
from typing import assert_never

from interlock.domain.releases import admission, ending, starting
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
from interlock.domain.releases.limits import StartLimits
from interlock.domain.releases.model import Release, ReleasePlan


def decide(
    release: Release | None, lane: Lane | None, event: Event, *, now: datetime, limits: StartLimits
) -> Transition:
    """Return what the event does to the release and its lane at this time, and what is to be done about it."""
    match event:
        case RequestReceived():
            return admission.submit(release, lane, event.candidate, now, limits)
        case DeadLettered():
            return ending.bury(release, lane, event.candidate, now)
        case _:
            if release is None or lane is None or release.plan is None:
                reason = "unknown_release" if release is None else "already_closed"
                return Transition(release, lane, (NoEffect(reason),))
            return _decide_known(release, lane, release.plan, event, now=now, limits=limits)


_Known = (
    Resume | StartConfirmed | StartRefused | StartThrottled | ExecutionNotFound | ExecutionEnded | Cancel | Superseded
)


def _decide_known(
    release: Release, lane: Lane, plan: ReleasePlan, event: _Known, *, now: datetime, limits: StartLimits
) -> Transition:
    match event:
        case Resume():
            return starting.resume(release, lane, plan, now, limits)
        case StartConfirmed():
            return starting.confirm(release, lane, event, now)
        case StartRefused():
            return starting.refuse(release, lane, event, now)
        case StartThrottled():
            return starting.overload(release, lane, event, plan, now)
        case ExecutionNotFound():
            return starting.missing(release, lane, event, now)
        case ExecutionEnded():
            return ending.complete(release, lane, event, now)
        case Cancel():
            return ending.cancel(release, lane, event, now)
        case Superseded():
            return ending.supersede(release, lane, event, now)
        case _ as unreachable:
            assert_never(unreachable)
