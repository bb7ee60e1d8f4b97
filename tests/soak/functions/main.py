"""The real functions; but some releases' completion entries never get to report_status, and are noted in a file."""

import os
import re
from pathlib import Path

import flask

from interlock.entrypoints import report_status as reporting
from interlock.entrypoints.alert_dead_letter import alert_dead_letter
from interlock.entrypoints.dispatch_release import dispatch_release
from interlock.entrypoints.reconcile_releases import reconcile_releases
from tests.faults.delivered import delivered
from tests.soak.workload import LOST_FILE, UNHEARD

LOST = re.compile(rb"soak-[0-9]+" + UNHEARD.encode())

__all__ = ["alert_dead_letter", "dispatch_release", "reconcile_releases", "report_status"]


def report_status(request: flask.Request) -> flask.typing.ResponseReturnValue:
    """Lose the entry, as a broken route would, or hand it on."""
    if found := LOST.search(delivered(request.get_data())):
        with Path(os.environ[LOST_FILE]).open("ab") as file:
            file.write(found[0] + b"\n")
        return "", 204
    return reporting.report_status(request)
