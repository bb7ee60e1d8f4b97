"""The doctor's checks of what Interlock itself keeps: the ledger, what reconcile has to do in it, and the routes."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial

from interlock.config import ConfigurationError
from interlock.domain.releases.model import Release
from interlock.ledger.interface import LedgerUnavailable
from interlock_cli.actions.doctor.check import CheckResult, CheckTargets, fault, run_check
from interlock_cli.errors import one_line

_LATE = timedelta(minutes=5)
"""reconcile_releases runs every minute, so nothing can be due for this long unless it has stopped."""


def check_ledger_and_routes(targets: CheckTargets) -> Iterator[CheckResult]:
    """Yield the results for the ledger and for the routes."""
    yield from run_check("ledger", partial(_ledger, targets.ledger), "check INTERLOCK_LEDGER and your role on it")
    yield from run_check("routes", partial(_routes, targets.routes), "run: interlock routes check FILE")


def _ledger(url: str) -> Iterator[CheckResult]:
    from interlock.bootstrap import open_ledger, utc_now

    if not url:
        yield fault("ledger", "none is named", "set INTERLOCK_LEDGER, or use --project or --local")
        return
    try:
        ledger = open_ledger(url)
        newest, overdue = next(ledger.newest("releases"), None), ledger.due(utc_now() - _LATE, 1)
    except LedgerUnavailable as error:
        yield fault("ledger", one_line(error), "check that it exists and that you may read it")
        return
    yield CheckResult("ledger", "ok", f"{url} answers, {'with releases' if newest else 'still without a release'}")
    yield _reconcile(overdue)


def _reconcile(overdue: Sequence[Release]) -> CheckResult:
    if not overdue:
        return CheckResult("reconcile", "ok", "nothing is overdue")
    what = f"{overdue[0].release_id} and perhaps others have been due for {_LATE.seconds // 60} minutes"
    return fault("reconcile", what, "see that the Scheduler job interlock-reconcile is enabled and succeeds")


def _routes(setting: str) -> Iterator[CheckResult]:
    from interlock.bootstrap import load_routes
    from interlock_cli.documents.route_findings import route_findings

    if not setting:
        yield CheckResult("routes", "skipped", "none are named", "set INTERLOCK_ROUTES to look at them")
        return
    try:
        routes = load_routes(setting)
    except ConfigurationError as error:
        yield fault("routes", one_line(error), "run: interlock routes check FILE")
        return
    faults = [one for one in route_findings(routes) if one.is_fault]
    yield from (CheckResult("routes", "fault", f"{one.route}: {one.explanation}", "mend the routes") for one in faults)
    if not faults:
        yield CheckResult("routes", "ok", f"{len(routes)} routes")
