"""The real functions, composed from the real ports; each can be made to kill its process, and report to be deaf."""

import logging
import os
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import cast

import flask

from interlock.bootstrap import open_ledger, open_publisher, open_results
from interlock.config import AlertSettings, DispatchSettings, ReconcileSettings, ReportSettings
from interlock.entrypoints import alert_dead_letter as alerting
from interlock.entrypoints import dispatch_release as dispatching
from interlock.entrypoints import reconcile_releases as reconciling
from interlock.entrypoints import report_status as reporting
from interlock.entrypoints.http import answer
from interlock.google.cloud_run_jobs import CloudRunJobs
from interlock.ledger.interface import LedgerUnavailable
from interlock.ports import PublishFailed
from interlock.results.interface import Results
from interlock.services.completion_service import CompletionService
from tests.faults.delivered import delivered
from tests.faults.killing import (
    FAULTS_DIR,
    SUBJECTS,
    Faults,
    KillingHandler,
    KillingJobs,
    KillingLedger,
    KillingPublisher,
    KillingResults,
)

DEAF = ("deaf_to_eventarc", "deaf_to_sink")
"""Points of report_status: it takes the release's entry by that way, keeps it in a file and does nothing about it."""

Function = Callable[[flask.Request], flask.typing.ResponseReturnValue]


@cache
def _faults(function: str) -> Faults:
    return Faults(Path(os.environ[FAULTS_DIR]), function)


@cache
def _dispatcher() -> dispatching.Dispatcher:
    settings, faults = DispatchSettings.read(os.environ), _faults("dispatch_release")
    jobs = CloudRunJobs(settings.run_endpoint, start_timeout_seconds=settings.start_timeout_seconds)
    dispatcher = dispatching.build(
        settings,
        ledger=KillingLedger(open_ledger(settings.ledger), faults),
        jobs=KillingJobs(jobs, faults),
        publisher=KillingPublisher(open_publisher(settings.pubsub_endpoint), faults),
    )
    ownership = _results(settings.results, faults)
    return replace(dispatcher, launcher=replace(dispatcher.launcher, open_ownership=lambda: ownership))


def _closing(completions: CompletionService, results: str | None, faults: Faults) -> CompletionService:
    return replace(completions, results=_results(results, faults))


def _results(url: str | None, faults: Faults) -> Results:
    results = open_results(url)
    assert results
    return cast("Results", KillingResults(results, faults))


@cache
def _reporter() -> reporting.Reporter:
    settings, faults = ReportSettings.read(os.environ), _faults("report_status")
    reporter = reporting.build(
        settings,
        ledger=KillingLedger(open_ledger(settings.ledger), faults),
        publisher=KillingPublisher(open_publisher(settings.pubsub_endpoint), faults),
    )
    return replace(reporter, completions=_closing(reporter.completions, settings.results, faults))


@cache
def _reconciler() -> reconciling.Reconciler:
    settings, faults = ReconcileSettings.read(os.environ), _faults("reconcile_releases")
    reconciler = reconciling.build(
        settings,
        ledger=KillingLedger(open_ledger(settings.ledger), faults),
        executions=KillingJobs(CloudRunJobs(settings.run_endpoint), faults),
        publisher=KillingPublisher(open_publisher(settings.pubsub_endpoint), faults),
    )
    return replace(reconciler, completions=_closing(reconciler.completions, settings.results, faults))


@cache
def _alerter() -> alerting.Alerter:
    settings, faults = AlertSettings.read(os.environ), _faults("alert_dead_letter")
    logging.getLogger("interlock").handlers = [KillingHandler(faults)]
    return alerting.build(
        settings,
        ledger=KillingLedger(open_ledger(settings.ledger), faults),
        publisher=KillingPublisher(open_publisher(settings.pubsub_endpoint), faults),
    )


def _mortal(faults: Faults, function: Function, request: flask.Request) -> flask.typing.ResponseReturnValue:
    """Call the function; it can die before it reads anything, before it acknowledges and after that."""
    text = _text(request)
    SUBJECTS.set([one for one in faults.noticed() if one in text or not text])
    faults.reach_all("before_start")
    response = flask.make_response(function(request))
    if response.status_code < 300:
        faults.reach_all("before_acknowledge")
        response.call_on_close(partial(_after, faults, tuple(SUBJECTS.get())))
    return response


def _after(faults: Faults, subjects: tuple[str, ...]) -> None:
    for release_id in subjects:
        faults.reach(release_id, "after_acknowledge")


def _text(request: flask.Request) -> str:
    body = request.get_data()
    return f"{body.decode()}{delivered(body).decode()}" if body else ""


def dispatch_release(request: flask.Request) -> flask.typing.ResponseReturnValue:
    faults = _faults("dispatch_release")
    return _mortal(faults, lambda one: answer(one, faults.function, _dispatcher().handle), request)


def alert_dead_letter(request: flask.Request) -> flask.typing.ResponseReturnValue:
    faults = _faults("alert_dead_letter")
    return _mortal(faults, lambda one: answer(one, faults.function, _alerter().handle), request)


def report_status(request: flask.Request) -> flask.typing.ResponseReturnValue:
    faults = _faults("report_status")
    way = DEAF["message" in request.get_json()]
    for release_id in faults.noticed():
        if faults.is_armed(release_id, way) and release_id in _text(request):
            faults.keep(release_id, delivered(request.get_data()))
            return "", 204
    return _mortal(faults, lambda one: answer(one, faults.function, _reporter().handle), request)


def reconcile_releases(request: flask.Request) -> flask.typing.ResponseReturnValue:
    return _mortal(_faults("reconcile_releases"), _tick, request)


def _tick(_request: flask.Request) -> flask.typing.ResponseReturnValue:
    try:
        _reconciler().reconcile()
    except (LedgerUnavailable, PublishFailed):
        return "unavailable\n", 503
    return "", 200
