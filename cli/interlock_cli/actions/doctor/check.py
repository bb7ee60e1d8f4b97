"""What a check of `interlock doctor` is given, and what it returns."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

from interlock_cli.errors import one_line

_LONGEST_ERROR = 300


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One thing that was checked: `ok`, `fault` or `skipped`, what was found, and what to do about a fault."""

    what: str
    state: str
    found: str
    remedy: str = ""

    def as_document(self) -> dict[str, str]:
        """Return the result as JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckTargets:
    """What there is to check; what is empty is not configured. `is_local` says that no Google service is behind it."""

    ledger: str
    routes: str
    topics: tuple[str, ...]
    pubsub_endpoint: str
    run_endpoint: str
    is_local: bool
    clock_url: str = "https://pubsub.googleapis.com/"


def run_check(
    what: str, check: Callable[[], Iterator[CheckResult]], remedy: str, *, but: type[Exception] | tuple[()] = ()
) -> Iterator[CheckResult]:
    """Yield the check's results. Its error is a fault with this remedy; `but` are errors that the caller handles."""
    try:
        yield from check()
    except but:
        raise
    except Exception as error:  # noqa: BLE001 - whatever breaks is what the doctor is to find
        yield fault(what, f"{type(error).__name__}: {one_line(error)}", remedy)


def fault(what: str, found: str, remedy: str) -> CheckResult:
    """Return a fault, its text shortened to what fits a table."""
    return CheckResult(what, "fault", found[:_LONGEST_ERROR], remedy)
