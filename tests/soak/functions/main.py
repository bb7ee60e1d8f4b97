"""The real functions; but of some releases report_status never gets the completion entries, by whichever way."""

import base64
import json

import flask

from interlock.handlers import report_status as reporting
from interlock.handlers.alert_dead_letter import alert_dead_letter
from interlock.handlers.dispatch_release import dispatch_release
from interlock.handlers.reconcile_releases import reconcile_releases
from tests.soak.workload import UNHEARD

__all__ = ["alert_dead_letter", "dispatch_release", "reconcile_releases", "report_status"]


def report_status(request: flask.Request) -> flask.typing.ResponseReturnValue:
    """Lose the entry, as a broken route would, or hand it on."""
    if UNHEARD.encode() in _entry(request.get_data()):
        return "", 204
    return reporting.report_status(request)


def _entry(body: bytes) -> bytes:
    document = json.loads(body)
    return base64.b64decode(document["message"].get("data", "")) if "message" in document else body
