"""What `interlock doctor` asks: each check looks at one thing and says what to do where it is wrong."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial

from interlock.config import ConfigurationError
from interlock.domain.releases.model import Release
from interlock.ledger.interface import LedgerUnavailable
from interlock_cli.errors import one_line

_LATE = timedelta(minutes=5)
"""What reconcile_releases, which comes every minute, cannot have left undone for so long."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: `ok`, `fault` or `skipped`, what was found, and what to do about a fault."""

    what: str
    state: str
    found: str
    remedy: str = ""

    def as_document(self) -> dict[str, str]:
        """Return the finding as JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What there is to look at; empty is not named. `is_local` is whether Google's side is stood in for."""

    ledger: str
    routes: str
    topics: tuple[str, ...]
    pubsub_endpoint: str
    run_endpoint: str
    is_local: bool
    clock_url: str = "https://pubsub.googleapis.com/"


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield one finding after the other; a check that breaks is a fault, and the others go on."""
    from interlock_cli.actions import cloud_checks

    yield from guarded("ledger", partial(_ledger, settings.ledger), "check INTERLOCK_LEDGER and your role on it")
    yield from guarded("routes", partial(_routes, settings.routes), "run: interlock routes check FILE")
    yield from cloud_checks.examine(settings)


def guarded(
    what: str, check: Callable[[], Iterator[Finding]], remedy: str, *, but: type[Exception] | tuple[()] = ()
) -> Iterator[Finding]:
    """Yield the check's findings; its error is a fault with this remedy, but for those whose remedy is another."""
    try:
        yield from check()
    except but:
        raise
    except Exception as error:  # noqa: BLE001 - whatever breaks is what the doctor is to find
        yield Finding(what, "fault", f"{type(error).__name__}: {one_line(error)}"[:300], remedy)


def _ledger(url: str) -> Iterator[Finding]:
    from interlock.bootstrap import open_ledger, utc_now

    if not url:
        yield Finding("ledger", "fault", "none is named", "set INTERLOCK_LEDGER, or use --project or --local")
        return
    try:
        ledger = open_ledger(url)
        newest, overdue = next(ledger.newest("releases"), None), ledger.due(utc_now() - _LATE, 1)
    except LedgerUnavailable as error:
        yield Finding("ledger", "fault", one_line(error)[:300], "check that it exists and that you may read it")
        return
    yield Finding("ledger", "ok", f"{url} answers, {'with releases' if newest else 'still without a release'}")
    yield _reconcile(overdue)


def _reconcile(overdue: Sequence[Release]) -> Finding:
    if not overdue:
        return Finding("reconcile", "ok", "nothing is overdue")
    what = f"{overdue[0].release_id} and perhaps others have been due for {_LATE.seconds // 60} minutes"
    return Finding("reconcile", "fault", what, "see that the Scheduler job interlock-reconcile is enabled and succeeds")


def _routes(setting: str) -> Iterator[Finding]:
    from interlock.bootstrap import load_routes
    from interlock_cli.documents.route_faults import findings

    if not setting:
        yield Finding("routes", "skipped", "none are named", "set INTERLOCK_ROUTES to look at them")
        return
    try:
        routes = load_routes(setting)
    except ConfigurationError as error:
        yield Finding("routes", "fault", one_line(error)[:300], "run: interlock routes check FILE")
        return
    faults = [one for one in findings(routes) if one.is_fault]
    yield from (Finding("routes", "fault", f"{one.route}: {one.told}", "mend the routes") for one in faults)
    if not faults:
        yield Finding("routes", "ok", f"{len(routes)} routes")
