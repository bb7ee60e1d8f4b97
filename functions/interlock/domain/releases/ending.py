"""How a release ends: by its execution, by request, by a newer one, or on the dead-letter topic (design 4, 2.7)."""

import re
from dataclasses import replace

from interlock.domain.releases import transitions
from interlock.domain.releases.context import Context
from interlock.domain.releases.effects import Effect, NoEffect, SealOwnership, StopExecution, Transition
from interlock.domain.releases.events import Cancel, ExecutionEnded, Superseded
from interlock.domain.releases.lane import Lane
from interlock.domain.releases.model import Cancellation, Release, Result, State
from interlock.domain.releases.ownership import SEALED
from interlock.domain.releases.starting import close_unrun

_JOB = re.compile(r"projects/(?P<project>[^/]+)/(?P<rest>locations/[^/]+/jobs/[^/]+)(?:/executions/[^/]+)?\Z")


def short_name(execution: str) -> str:
    """Return the execution's last path segment, which is what its own environment calls it."""
    return execution.rsplit("/", 1)[-1]


def execution_ended(release: Release, lane: Lane, event: ExecutionEnded, context: Context) -> Transition:
    """Close the release by the execution that owns the fence; any other is a stray (design 2.7)."""
    if event.attempt != release.attempt:
        return Transition(release, lane, (NoEffect("stray_attempt"),))
    if not _is_of_its_job(release, event.execution):
        return Transition(release, lane, (NoEffect("stray_job"),))
    if release.is_closed:
        return Transition(release, lane, (NoEffect("already_closed"),))
    if not _owns(release, event):
        return Transition(_point_to_owner(release, event), lane, (NoEffect("stray_execution"),))
    if _may_turn_up_late(release, event):
        return Transition(release, lane, (SealOwnership(),))
    if event.owner == SEALED and event.state is State.SUCCEEDED:
        return close_unrun(release, lane, context)
    if release.state is not State.STARTED:
        release = transitions.confirm(release, event.execution, event.log_uri, context)
    ended = replace(release, execution=event.execution, log_uri=event.log_uri or release.log_uri)
    return Transition(*transitions.close(ended, lane, event.state, event.result, context))


def _is_of_its_job(release: Release, execution: str) -> bool:
    """Whether the execution is one of the job that the release's route names: the same project, location and job.

    Google writes a project by its id or by its number, so of an id and a number nobody can say that they differ.
    """
    named, found = _JOB.match(release.plan.job if release.plan else ""), _JOB.match(execution)
    if not named or not found or named["rest"] != found["rest"]:
        return False
    projects = {named["project"], found["project"]}
    return len(projects) == 1 or {project.isdigit() for project in projects} == {True, False}


def _owns(release: Release, event: ExecutionEnded) -> bool:
    if event.owner not in (None, SEALED):
        return short_name(event.execution) == event.owner
    if release.state is State.STARTED:
        return release.execution is not None and short_name(release.execution) == short_name(event.execution)
    return release.state is State.STARTING and event.fencing_token == release.fencing_token


def _may_turn_up_late(release: Release, event: ExecutionEnded) -> bool:
    """Whether another start of the attempt may still come to run the script.

    A success that took no fence comes from a job without our agent: there is nothing to seal. A success under a sealed
    fence comes from an agent that found the fence taken and did nothing.
    """
    return event.owner is None and release.starts > 1 and event.state is not State.SUCCEEDED


def _point_to_owner(release: Release, event: ExecutionEnded) -> Release:
    """Return the release with the owner as its execution, where another one had been confirmed that did nothing."""
    if event.owner in (None, SEALED) or release.execution is None or short_name(release.execution) == event.owner:
        return release
    parent = release.execution.rsplit("/", 1)[0]
    return replace(release, execution=f"{parent}/{event.owner}")


def cancel(release: Release, lane: Lane, event: Cancel, context: Context) -> Transition:
    """Close a queued release at once; stop the execution of a running one, whose completion then closes it."""
    if release.is_closed:
        return Transition(release, lane, (NoEffect("already_closed"),))
    mark = Cancellation(at=context.now, requested_by=event.requested_by, reason=event.reason)
    marked = replace(release, cancellation=mark, updated_at=context.now)
    if release.state is State.QUEUED:
        result = Result(reason="by_request", detail=event.reason)
        return Transition(*transitions.close(marked, lane, State.CANCELLED, result, context))
    effects: tuple[Effect, ...] = (StopExecution(release.execution),) if release.execution else ()
    return Transition(marked, lane, effects)


def superseded(release: Release, lane: Lane, event: Superseded, context: Context) -> Transition:
    """Close a queued release because a newer request took its place."""
    if release.state is not State.QUEUED:
        return Transition(release, lane, (NoEffect("not_queued"),))
    result = Result(reason="newer_request", superseded_by=event.by)
    return Transition(*transitions.close(release, lane, State.SUPERSEDED, result, context))


def dead_lettered(release: Release | None, lane: Lane | None, candidate: Release, context: Context) -> Transition:
    """Record a message that ended on the dead-letter topic before it became a release."""
    if release is not None:
        return Transition(release, lane, (NoEffect("known_release"),))
    closed, _ = transitions.close(candidate, None, State.DEAD_LETTERED, candidate.result, context)
    return Transition(closed, lane)
