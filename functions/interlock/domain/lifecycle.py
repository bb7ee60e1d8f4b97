"""The lifecycle of a release: one pure decision for every event in every state."""

from datetime import datetime
from typing import assert_never

from interlock.domain import admission, ending, starting
from interlock.domain.lane import Lane
from interlock.domain.release import Plan, Release
from interlock.domain.transition import (
    Bury,
    Cancel,
    Complete,
    Confirm,
    Event,
    Ignored,
    Limits,
    Missing,
    Overload,
    Refuse,
    Resume,
    Submit,
    Supersede,
    Transition,
)


def decide(release: Release | None, lane: Lane | None, event: Event, *, now: datetime, limits: Limits) -> Transition:
    """Return what the event does to the release and its lane at this time, and what is to be done about it."""
    match event:
        case Submit():
            return admission.submit(release, lane, event.candidate, now, limits)
        case Bury():
            return ending.bury(release, lane, event.candidate, now)
        case _:
            if release is None or lane is None or release.plan is None:
                reason = "unknown_release" if release is None else "already_closed"
                return Transition(release, lane, (Ignored(reason),))
            return _decide_known(release, lane, release.plan, event, now=now, limits=limits)


_Known = Resume | Confirm | Refuse | Overload | Missing | Complete | Cancel | Supersede


def _decide_known(
    release: Release, lane: Lane, plan: Plan, event: _Known, *, now: datetime, limits: Limits
) -> Transition:
    match event:
        case Resume():
            return starting.resume(release, lane, plan, now, limits)
        case Confirm():
            return starting.confirm(release, lane, event, now)
        case Refuse():
            return starting.refuse(release, lane, event, now)
        case Overload():
            return starting.overload(release, lane, event, plan, now)
        case Missing():
            return starting.missing(release, lane, event, now)
        case Complete():
            return ending.complete(release, lane, event, now)
        case Cancel():
            return ending.cancel(release, lane, event, now)
        case Supersede():
            return ending.supersede(release, lane, event, now)
        case _ as unreachable:
            assert_never(unreachable)
