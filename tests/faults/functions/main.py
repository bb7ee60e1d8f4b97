"""The real functions, composed from the real ports; those of dispatch_release and report_status can be made to kill."""

import os
from functools import cache
from pathlib import Path

import flask

from interlock.adapters.cloud_run_jobs import CloudRunJobs
from interlock.config import DispatchSettings, ReportSettings
from interlock.edge import Answer, answer
from interlock.handlers import dispatch_release as dispatching
from interlock.handlers import report_status as reporting
from interlock.handlers.alert_dead_letter import alert_dead_letter
from interlock.handlers.reconcile_releases import reconcile_releases
from interlock.wiring import open_ledger, open_publisher
from tests.faults.killing import FAULTS_DIR, Faults, KillingJobs, KillingLedger, KillingPublisher

__all__ = ["alert_dead_letter", "dispatch_release", "reconcile_releases", "report_status"]


@cache
def _dispatcher() -> dispatching.Dispatcher:
    settings = DispatchSettings.read(os.environ)
    faults = Faults(Path(os.environ[FAULTS_DIR]))
    jobs = CloudRunJobs(settings.run_endpoint, start_timeout_seconds=settings.start_timeout_seconds)
    return dispatching.compose(
        settings,
        ledger=KillingLedger(open_ledger(settings.ledger), faults),
        jobs=KillingJobs(jobs, faults),
        publisher=KillingPublisher(open_publisher(settings.pubsub_endpoint), faults),
    )


@cache
def _reporter() -> reporting.Reporter:
    settings = ReportSettings.read(os.environ)
    faults = Faults(Path(os.environ[FAULTS_DIR]))
    return reporting.compose(
        settings,
        ledger=KillingLedger(open_ledger(settings.ledger), faults),
        publisher=KillingPublisher(open_publisher(settings.pubsub_endpoint), faults),
    )


def dispatch_release(request: flask.Request) -> Answer:
    return answer(request, "dispatch_release", _dispatcher().handle)


def report_status(request: flask.Request) -> Answer:
    return answer(request, "report_status", _reporter().handle)
