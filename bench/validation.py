"""Validation: the verdict and the full report on a message of 1 KB and of 100 KB, valid and invalid."""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

from bench.events import a_release
from bench.results import Findings, Table
from interlock.domain.requests.schema_validation import SchemaValidator
from interlock.schema_files import load_schema

US = 1e6


def messages() -> dict[str, dict[str, Any]]:
    """Return the four messages."""
    small = a_release()
    large = {**small, "params": {f"PARAMETER_{number}": "x" * 1500 for number in range(64)}}
    return {
        "1 KB, valid": small,
        "1 KB, invalid": {**small, "service": 7, "unknown": 1},
        "100 KB, valid": large,
        "100 KB, invalid": {**large, "service": 7, "unknown": 1},
    }


def seconds_of(act: Callable[[], object], *, times: int) -> float:
    """Return the seconds of one, over so many."""
    start = time.perf_counter()
    for _ in range(times):
        act()
    return (time.perf_counter() - start) / times


def measure(*, rounds: int) -> Findings:
    """Ask for the verdict and for the full report in turn."""
    validator = SchemaValidator.of(load_schema("release-request.v1"))
    rows = []
    for name, message in messages().items():
        verdicts, reports = [], []
        for _ in range(rounds):
            verdicts.append(seconds_of(lambda m=message: validator.is_valid(m), times=20))  # type: ignore[misc]
            reports.append(seconds_of(lambda m=message: validator.violations(m), times=5))  # type: ignore[misc]
        rows.append((name, *(f"{median(one) * US:.1f}" for one in (verdicts, reports))))
    about = "The verdict alone decides about a valid message; the full report is made of a bad one only."
    return Findings([Table("Validation", about, ("message", "verdict µs", "full report µs"), rows)])
