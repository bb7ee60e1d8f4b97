"""Everything that `interlock doctor` checks, in the order in which it is printed."""

from collections.abc import Iterator

from interlock_cli.actions.doctor.check import CheckResult, CheckTargets
from interlock_cli.actions.doctor.google_checks import check_google
from interlock_cli.actions.doctor.ledger_checks import check_ledger_and_routes


def run_all_checks(targets: CheckTargets) -> Iterator[CheckResult]:
    """Yield one result after the other; a check that breaks is a fault, and the others go on."""
    yield from check_ledger_and_routes(targets)
    yield from check_google(targets)
