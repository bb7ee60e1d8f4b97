"""The Cloud Functions, by the names that they are deployed under; each loads its own entry point only."""

import os

import flask

from interlock.config import SETTINGS
from interlock.start_up import prepare


def dispatch_release(request: flask.Request) -> tuple[str, int]:
    """Take one push of the release-requests topic: validate it, claim its lane, start its job."""
    from interlock.entrypoints import dispatch_release as entrypoint

    return entrypoint.dispatch_release(request)


def report_status(request: flask.Request) -> tuple[str, int]:
    """Take one completion of an execution, from Eventarc or from the log sink: close its release."""
    from interlock.entrypoints import report_status as entrypoint

    return entrypoint.report_status(request)


def alert_dead_letter(request: flask.Request) -> tuple[str, int]:
    """Take one push of the dead-letter topic: keep it and tell on-call."""
    from interlock.entrypoints import alert_dead_letter as entrypoint

    return entrypoint.alert_dead_letter(request)


def reconcile_releases(request: flask.Request) -> tuple[str, int]:
    """Take one tick of the Scheduler: put back in motion what the platform lost."""
    from interlock.entrypoints import reconcile_releases as entrypoint

    return entrypoint.reconcile_releases(request)


if (target := os.environ.get("FUNCTION_TARGET")) in SETTINGS:  # the framework sets it; a mere import starts nothing
    prepare(target)
